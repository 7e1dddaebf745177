import type { Assignments as Assigned } from '@rapport/protocol/members';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { Failure } from '../../lib/ui.tsx';
import { Checks } from '../identity/Checks.tsx';
import { useAllMembers, useAllTeams } from '../identity/everybody.ts';

/** Who looks after a client. */
export function Assignments({ clientId }: { clientId: string }) {
  const { t } = useTranslation();
  const may = useMay();
  const path = `/clients/${clientId}/assignments`;
  const assigned = useQuery({ queryKey: [path], queryFn: () => api.get<Assigned>(path) });
  const names = [...(assigned.data?.teams ?? []), ...(assigned.data?.members ?? [])].map(({ name }) => name);
  return (
    <section className="stack">
      <h2>{t('caseload.title')}</h2>
      <Failure error={assigned.error} />
      {assigned.data && <p>{names.join(', ') || t('caseload.nobody')}</p>}
      {assigned.data && may('caseload.manage') && may('members.read') && (
        <Assign path={path} assigned={assigned.data} key={names.join()} />
      )}
    </section>
  );
}

function Assign({ path, assigned }: { path: string; assigned: Assigned }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [members, teams] = [useAllMembers(), useAllTeams()];
  const [memberIds, setMemberIds] = useState(assigned.members.map(({ id }) => id));
  const [teamIds, setTeamIds] = useState(assigned.teams.map(({ id }) => id));
  const save = useMutation({
    mutationFn: () => api.put<Assigned>(path, { memberIds, teamIds }),
    onSuccess: (next) => queries.setQueryData([path], next),
  });
  return (
    <details>
      <summary>{t('caseload.change')}</summary>
      <div className="stack">
        {teams.data && teams.data.length > 0 && (
          <Checks legend={t('teams.title')} choices={teams.data} chosen={teamIds} onChange={setTeamIds} />
        )}
        <Checks legend={t('members.title')} choices={members.data ?? []} chosen={memberIds} onChange={setMemberIds} />
        <Failure error={save.error ?? members.error ?? teams.error} />
        <div className="row">
          <button type="button" disabled={save.isPending} onClick={() => save.mutate()}>
            {t('caseload.assign')}
          </button>
          {save.isSuccess && <span role="status">{t('common.saved')}</span>}
        </div>
      </div>
    </details>
  );
}
