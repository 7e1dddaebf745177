import type { RatingPut } from '@rapport/protocol/plan';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Failure, Field } from '../../lib/ui.tsx';

interface Props {
  rating: RatingPut | null;
  error: unknown;
  busy: boolean;
  onSave(rating: RatingPut): void;
}

const scales = ['effectiveness', 'engagement', 'progress'] as const;
const points = Array.from({ length: 10 }, (_, at) => at + 1);

/** How a session went, in the words and points of whoever ran it. Asked when it has ended. */
export function Rating({ rating, error, busy, onSave }: Props) {
  const { t } = useTranslation();
  const [scores, setScores] = useState<Partial<Record<(typeof scales)[number], number>>>(rating ?? {});
  const [sentence, setSentence] = useState(rating?.sentence ?? '');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const { effectiveness, engagement, progress } = scores;
    if (effectiveness && engagement && progress) onSave({ effectiveness, engagement, progress, sentence });
  };
  return (
    <form className="card stack" onSubmit={submit}>
      <h3>{t('plan.rating')}</h3>
      {scales.map((scale) => (
        <Field key={scale} label={t(`plan.${scale}`)}>
          {(ids) => (
            <select
              {...ids}
              required
              value={scores[scale] ?? ''}
              onChange={(e) => setScores({ ...scores, [scale]: Number(e.target.value) || undefined })}
            >
              <option value="">{t('questionnaires.choose')}</option>
              {points.map((point) => (
                <option key={point} value={point}>
                  {point}
                </option>
              ))}
            </select>
          )}
        </Field>
      ))}
      <Field label={`${t('plan.sentence')} (${t('common.optional')})`}>
        {(ids) => <input {...ids} maxLength={1000} value={sentence} onChange={(e) => setSentence(e.target.value)} />}
      </Field>
      <Failure error={error} />
      <div className="row">
        <button className="primary" disabled={busy}>
          {t(rating ? 'plan.rerate' : 'common.save')}
        </button>
        {rating && <span role="status">{t('common.saved')}</span>}
      </div>
    </form>
  );
}
