import { reviewReasons } from '@rapport/protocol/ladder';
import type { ReviewReason, ReviewReject } from '@rapport/protocol/supervision';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog, Field } from '../../lib/ui.tsx';

interface Props {
  open: boolean;
  /** Whether the persona may try once more. */
  again: boolean;
  onReject(body: ReviewReject): void;
  onClose(): void;
}

const mostReasons = 5;

export function RejectDialog({ open, again, onReject, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Dialog open={open} title={t('review.rejectTitle')} onClose={onClose}>
      <Form again={again} onReject={onReject} onClose={onClose} />
    </Dialog>
  );
}

function Form({ again, onReject, onClose }: Omit<Props, 'open'>) {
  const { t } = useTranslation();
  const [reasons, setReasons] = useState<ReviewReason[]>([]);
  const [note, setNote] = useState('');
  const [asked, setAsked] = useState(false);
  const reject = (retry: boolean) => {
    setAsked(true);
    if (reasons.length === 0) return;
    onReject({ reasons, again: retry, ...(note.trim() ? { note: note.trim() } : {}) });
    onClose();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    reject(again);
  };
  const toggle = (reason: ReviewReason) =>
    setReasons((all) => (all.includes(reason) ? all.filter((one) => one !== reason) : [...all, reason]));
  return (
    <form className="stack" onSubmit={submit}>
      <fieldset className="reasons">
        <legend>{t('review.why')}</legend>
        {reviewReasons.map((reason) => (
          <label className="check" key={reason}>
            <input
              type="checkbox"
              checked={reasons.includes(reason)}
              disabled={reasons.length >= mostReasons && !reasons.includes(reason)}
              onChange={() => toggle(reason)}
            />
            <span>{t(`review.reasons.${reason}`)}</span>
          </label>
        ))}
        {asked && reasons.length === 0 && (
          <p className="ended" role="alert">
            {t('review.chooseReason')}
          </p>
        )}
      </fieldset>
      <Field label={`${t('review.note')} (${t('common.optional')})`} hint={again ? t('review.noteHint') : undefined}>
        {(ids) => <textarea {...ids} maxLength={4000} value={note} onChange={(e) => setNote(e.target.value)} />}
      </Field>
      <div className="row">
        {again && <button className="primary">{t('review.rejectAgain')}</button>}
        <button type="button" className="danger" onClick={() => reject(false)}>
          {t('review.rejectOnly')}
        </button>
      </div>
    </form>
  );
}
