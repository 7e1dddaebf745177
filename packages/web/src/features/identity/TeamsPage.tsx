import type { Team } from '@rapport/protocol/members';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { Empty, List, Page } from '../../lib/Page.tsx';
import { Dialog, Failure, Field, fieldError } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';
import { Checks } from './Checks.tsx';
import { useAllMembers } from './everybody.ts';

type Draft = Pick<Team, 'id' | 'name' | 'members'>;
const fresh: Draft = { id: '', name: '', members: [] };

export function TeamsPage() {
  const { t } = useTranslation();
  const mayEdit = useMay()('teams.manage');
  const [editing, setEditing] = useState<Draft | null>(null);
  const list = usePages<Team>('/teams');
  return (
    <Page
      title={t('teams.title')}
      hint={t('teams.hint')}
      actions={
        mayEdit && (
          <button type="button" className="primary" onClick={() => setEditing(fresh)}>
            {t('teams.new')}
          </button>
        )
      }
    >
      <List list={list} empty={<Empty title={t('teams.empty')} />}>
        {(team) => (
          <>
            <div className="grow">
              <strong>{team.name}</strong>
              <br />
              <span className="soft small">{team.members.map((m) => m.name).join(', ') || t('teams.nobody')}</span>
            </div>
            {mayEdit && (
              <button type="button" aria-label={`${t('common.open')}: ${team.name}`} onClick={() => setEditing(team)}>
                {t('common.open')}
              </button>
            )}
          </>
        )}
      </List>
      <Dialog open={editing !== null} title={editing?.name || t('teams.new')} onClose={() => setEditing(null)}>
        {editing && <TeamForm team={editing} onDone={() => setEditing(null)} />}
      </Dialog>
    </Page>
  );
}

function TeamForm({ team, onDone }: { team: Draft; onDone(): void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const everybody = useAllMembers();
  const [name, setName] = useState(team.name);
  const [memberIds, setMemberIds] = useState(team.members.map((m) => m.id));
  const done = async () => {
    await queries.invalidateQueries();
    onDone();
  };
  const save = useMutation({
    mutationFn: async () => {
      const saved = team.id
        ? await api.patch<Team>(`/teams/${team.id}`, { name })
        : await api.post<Team>('/teams', { name });
      return api.put<Team>(`/teams/${saved.id}/members`, { memberIds });
    },
    onSuccess: done,
  });
  const remove = useMutation({ mutationFn: () => api.delete(`/teams/${team.id}`), onSuccess: done });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Field label={t('common.name')} error={fieldError(save.error, '/name')}>
        {(ids) => <input {...ids} required maxLength={120} value={name} onChange={(e) => setName(e.target.value)} />}
      </Field>
      <Checks
        legend={t('members.title')}
        choices={everybody.data ?? []}
        chosen={memberIds}
        error={fieldError(save.error, '/memberIds')}
        onChange={setMemberIds}
      />
      <Failure error={save.error ?? remove.error ?? everybody.error} marked />
      <div className="row">
        <button className="primary" disabled={save.isPending}>
          {t('common.save')}
        </button>
        {team.id && (
          <button type="button" className="danger" disabled={remove.isPending} onClick={() => remove.mutate()}>
            {t('common.delete')}
          </button>
        )}
      </div>
    </form>
  );
}
