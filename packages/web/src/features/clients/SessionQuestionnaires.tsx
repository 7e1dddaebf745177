import type { InstrumentId, Questionnaire } from '@rapport/protocol/questionnaires';
import type { Session } from '@rapport/protocol/sessions';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, formatTime } from '../../lib/ui.tsx';
import { useInstruments } from './Questionnaires.tsx';

/** What the client was asked to fill in here. The key begins as the session's does: what changes it reads this anew, too. */
export function SessionQuestionnaires({ session }: { session: Session }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const path = `/sessions/${session.id}/questionnaires`;
  const queryKey = ['session', session.id, 'questionnaires'];
  const list = useQuery({ queryKey, queryFn: () => api.get<{ items: Questionnaire[] }>(path, { limit: 10 }) });
  const instruments = useInstruments();
  const refresh = () => queries.invalidateQueries({ queryKey });
  const ask = useMutation({
    mutationFn: (instrument: InstrumentId) => api.post(path, { instrument }),
    onSuccess: refresh,
  });
  const withdraw = useMutation({
    mutationFn: (id: string) => api.post(`${path}/${id}/withdraw`),
    onSuccess: refresh,
  });
  const titleOf = (id: InstrumentId) => instruments.data?.items.find((one) => one.id === id)?.title ?? id;
  const items = (list.data?.items ?? []).filter(({ state }) => state !== 'withdrawn');
  const waiting = items.some(({ state }) => state === 'asked');
  return (
    <section className="stack" aria-labelledby="questionnaires">
      <h2 id="questionnaires">{t('questionnaires.title')}</h2>
      <ul className="list small">
        {items.map((one) => (
          <li key={one.id} className="row">
            <span className="grow">
              {titleOf(one.instrument)} · {formatTime(one.answeredAt ?? one.createdAt)}
              {one.result && (
                <>
                  {' · '}
                  {t('questionnaires.latest', {
                    score: one.result.score,
                    most: one.result.most,
                    severity: t(`questionnaires.severity.${one.result.severity}`),
                  })}
                </>
              )}
              {one.result?.risk && <span className="badge bad">{t('questionnaires.risk')}</span>}
            </span>
            {one.state === 'asked' && (
              <>
                <span className="badge warn">{t('questionnaires.waits')}</span>
                <button type="button" className="quiet" onClick={() => withdraw.mutate(one.id)}>
                  {t('questionnaires.withdraw')}
                </button>
              </>
            )}
          </li>
        ))}
      </ul>
      {session.status !== 'ended' && !waiting && (
        <div className="row">
          {instruments.data?.items.map((instrument) => (
            <button key={instrument.id} type="button" onClick={() => ask.isPending || ask.mutate(instrument.id)}>
              {t('questionnaires.ask', { title: instrument.title })}
            </button>
          ))}
        </div>
      )}
      <Failure error={list.error ?? ask.error ?? withdraw.error} />
    </section>
  );
}
