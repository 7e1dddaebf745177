import type { ReviewDraft } from '@rapport/protocol/supervision';
import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { Dialog, Failure, Field, fieldError } from '../../lib/ui.tsx';

/** What a person made of a draft may answer the next one who asks. */
export function TakeAnswer({ review }: { review: ReviewDraft }) {
  const { t } = useTranslation();
  const may = useMay();
  const [open, setOpen] = useState(false);
  const [question, setQuestion] = useState(review.question?.replace(/\s+/g, ' ').trim().slice(0, 500) ?? '');
  const take = useMutation({
    mutationFn: () => api.post(`/reviews/${review.id}/curated-answer`, { question }),
    onSuccess: () => setOpen(false),
  });
  if (review.state !== 'released' || !review.decision?.editDistance) return null;
  if (!may('knowledge.manage') || !may('sessions.review')) return null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!take.isPending) take.mutate();
  };
  if (take.isSuccess) return <p role="status">{t('curated.taken')}</p>;
  return (
    <div>
      <button type="button" onClick={() => setOpen(true)}>
        {t('curated.take')}
      </button>
      <Dialog open={open} title={t('curated.take')} onClose={() => setOpen(false)}>
        <form className="stack" onSubmit={submit}>
          <p>{t('curated.takeHint')}</p>
          <Field label={t('curated.question')} error={fieldError(take.error, '/question')}>
            {(ids) => (
              <input
                {...ids}
                required
                maxLength={500}
                dir="auto"
                value={question}
                onChange={(e) => setQuestion(e.target.value)}
              />
            )}
          </Field>
          <blockquote className="quoted" dir="auto">
            {review.text}
          </blockquote>
          <Failure error={take.error} marked={Boolean(fieldError(take.error, '/question'))} />
          <button className="primary" aria-disabled={take.isPending}>
            {t('curated.approve')}
          </button>
        </form>
      </Dialog>
    </div>
  );
}
