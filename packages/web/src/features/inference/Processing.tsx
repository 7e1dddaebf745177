import type { ApprovalRule, Provider } from '@rapport/protocol/inference';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, Field } from '../../lib/ui.tsx';

/** Whether what clients say may be sent to a provider, and on what ground. */
export function ProcessingForm({ provider, onDone }: { provider: Provider; onDone(): void }) {
  const { t } = useTranslation();
  const [note, setNote] = useState(provider.processing.note);
  const [agreedOn, setAgreedOn] = useState(provider.processing.agreedOn ?? '');
  const decide = useMutation({
    mutationFn: (approved: boolean) =>
      api.put(`/providers/${provider.id}/processing`, { approved, note, agreedOn: agreedOn || null }),
    onSuccess: onDone,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    decide.mutate(true);
  };
  return (
    <form className="stack" onSubmit={submit}>
      <p>{t('processing.question')}</p>
      <Field label={`${t('processing.note')} (${t('common.optional')})`} hint={t('processing.noteHint')}>
        {(ids) => <textarea {...ids} maxLength={1000} value={note} onChange={(e) => setNote(e.target.value)} />}
      </Field>
      <Field label={`${t('processing.agreedOn')} (${t('common.optional')})`}>
        {(ids) => <input {...ids} type="date" value={agreedOn} onChange={(e) => setAgreedOn(e.target.value)} />}
      </Field>
      <Failure error={decide.error} />
      <div className="row">
        <button className="primary" disabled={decide.isPending}>
          {t('processing.approve')}
        </button>
        <button type="button" disabled={decide.isPending} onClick={() => decide.mutate(false)}>
          {t('processing.refuse')}
        </button>
      </div>
    </form>
  );
}

/** Whether a provider that nobody has decided about is given anything. */
export function ApprovalSwitch() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const key = ['/providers/approval'];
  const rule = useQuery({ queryKey: key, queryFn: () => api.get<ApprovalRule>('/providers/approval') });
  const put = useMutation({
    mutationFn: (required: boolean) => api.put<ApprovalRule>('/providers/approval', { required }),
    onSuccess: (next) => queries.setQueryData(key, next),
  });
  if (!rule.data) return <Failure error={rule.error} />;
  return (
    <>
      <label className="check">
        <input
          type="checkbox"
          checked={rule.data.required}
          disabled={put.isPending}
          onChange={(e) => put.mutate(e.target.checked)}
        />
        <span>
          {t('processing.required')}
          <br />
          <span className="soft small">{t('processing.requiredHint')}</span>
        </span>
      </label>
      <Failure error={put.error} />
    </>
  );
}
