import type { AuditState, AuditVerdict } from '@rapport/protocol/audit';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, formatDate } from '../../lib/ui.tsx';

/** How far the log holds together, how far it is signed, and where the signatures are kept. */
export function ChainState() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const state = useQuery({ queryKey: ['/audit/state'], queryFn: () => api.get<AuditState>('/audit/state') });
  const verify = useMutation({ mutationFn: () => api.post<AuditVerdict>('/audit/verify') });
  const sign = useMutation({
    mutationFn: () => api.post('/audit/checkpoints'),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['/audit/state'] }),
  });
  const { data } = state;
  return (
    <section className="card" aria-labelledby="chain-state">
      <h2 id="chain-state">{t('audit.state')}</h2>
      <Failure error={state.error ?? verify.error ?? sign.error} />
      {data && (
        <p>
          {t('audit.length', { count: data.lastSeq })}{' '}
          {data.checkpointAt === null
            ? t('audit.unsigned')
            : t('audit.signed', { seq: data.checkpointedTo, at: formatDate(data.checkpointAt) })}
        </p>
      )}
      {data?.sinks.map(({ name, shippedTo, failing }) => (
        <p key={name} className={failing ? 'note bad' : 'soft small'}>
          {t(failing ? 'audit.sinkFailing' : 'audit.sink', { name: t(`audit.sinks.${name}`), seq: shippedTo })}
        </p>
      ))}
      <div className="row">
        <button type="button" className="primary" disabled={verify.isPending} onClick={() => verify.mutate()}>
          {t('audit.verify')}
        </button>
        <button type="button" disabled={sign.isPending} onClick={() => sign.mutate()}>
          {t('audit.sign')}
        </button>
      </div>
      <div role="status">{verify.data && <Verdict verdict={verify.data} />}</div>
    </section>
  );
}

function Verdict({ verdict }: { verdict: AuditVerdict }) {
  const { t } = useTranslation();
  const { findings, verifiedTo } = verdict;
  return (
    <>
      <p className={findings.length > 0 ? 'note bad' : 'note'}>
        {t(findings.length > 0 ? 'audit.broken' : 'audit.verified', { seq: verifiedTo })}
      </p>
      {findings.length > 0 && (
        <ul>
          {findings.map(({ text }) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      )}
      <p className="soft small">{t('audit.limits')}</p>
    </>
  );
}
