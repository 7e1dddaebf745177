import type { Session } from '@rapport/protocol/sessions';
import type { Rung } from '@rapport/protocol/supervision';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure } from '../../lib/ui.tsx';
import { RungField } from './RungField.tsx';

/** The rung of a running session: what was chosen for it, what is in force, and why that is another. */
export function SessionPolicy({ session }: { session: Session }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const set = useMutation({
    mutationFn: (policy: Rung) => api.put<Session>(`/sessions/${session.id}/policy`, { policy }),
    onSuccess: (next) => queries.setQueryData(['session', session.id], next),
  });
  const { policy, rung } = session;
  const why = () => {
    const name = { rung: t(`rung.${rung}`) };
    if (rung === policy) return t('policy.inForce', name);
    return t(rung === 'takeover' ? 'policy.takenOver' : 'policy.stricter', name);
  };
  return (
    <div className="stack">
      <RungField label={t('policy.running')} hint={why()} value={policy} onChange={set.mutate} />
      <Failure error={set.error} />
    </div>
  );
}
