import { useState, type FormEvent } from 'react';
import { Dialog, Failure, Field } from '../../lib/ui.tsx';

interface Props {
  label: string;
  hint?: string;
  action: string;
  busy: boolean;
  error: unknown;
  onSubmit(reason: string): void;
}

/** One text that has to be given before something is done. */
export function ReasonDialog({
  open,
  title,
  onClose,
  ...form
}: Props & { open: boolean; title: string; onClose(): void }) {
  return (
    <Dialog open={open} title={title} onClose={onClose}>
      <ReasonForm {...form} />
    </Dialog>
  );
}

function ReasonForm({ label, hint, action, busy, error, onSubmit }: Props) {
  const [reason, setReason] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit(reason);
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Field label={label} hint={hint}>
        {(ids) => (
          <textarea {...ids} required maxLength={2000} value={reason} onChange={(e) => setReason(e.target.value)} />
        )}
      </Field>
      <Failure error={error} />
      <button className="primary" disabled={busy}>
        {action}
      </button>
    </form>
  );
}
