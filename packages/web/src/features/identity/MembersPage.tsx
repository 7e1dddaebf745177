import type { Member } from '@rapport/protocol/members';
import { useDeferredValue, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay, useMe } from '../../lib/me.ts';
import { List, Page } from '../../lib/Page.tsx';
import { Dialog, Field } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';
import { MemberForm } from './MemberForm.tsx';
import { MemberInvitations } from './MemberInvitations.tsx';
import { MemberInvite } from './MemberInvite.tsx';
import { useRoles } from './roleNames.ts';

/** The address that the organisation wrote down, and the one that they proved to be theirs. */
function useAddresses() {
  const { t } = useTranslation();
  return ({ email, confirmedEmail }: Member): string => {
    const confirmed = confirmedEmail && t('members.confirmed', { email: confirmedEmail });
    const same = email?.toLowerCase() === confirmedEmail?.toLowerCase();
    return [same ? null : email, confirmed].filter(Boolean).join(', ');
  };
}

export function MembersPage() {
  const { t } = useTranslation();
  const may = useMay();
  const me = useMe();
  const { nameOf } = useRoles();
  const addresses = useAddresses();
  const [q, setQ] = useState('');
  const [editing, setEditing] = useState<Member | null>(null);
  const [inviting, setInviting] = useState(false);
  const list = usePages<Member>('/members', { q: useDeferredValue(q.trim()) || undefined });
  const detail = (member: Member) =>
    [addresses(member), member.roles.map(nameOf).join(', '), member.teams.map((team) => team.name).join(', ')]
      .filter(Boolean)
      .join(' · ');
  return (
    <Page
      title={t('members.title')}
      actions={
        may('members.manage') && (
          <button type="button" className="primary" onClick={() => setInviting(true)}>
            {t('members.invite')}
          </button>
        )
      }
    >
      <Field label={t('common.search')}>
        {(ids) => <input {...ids} type="search" value={q} onChange={(e) => setQ(e.target.value)} />}
      </Field>
      <List list={list} empty={<p className="soft">{t('common.noMatch')}</p>}>
        {(member) => (
          <>
            <div className="grow">
              <strong>
                <bdi>{member.name}</bdi>
              </strong>{' '}
              {member.id === me.data?.userId && <span className="badge">{t('members.you')}</span>}{' '}
              {member.status === 'disabled' && <span className="badge warn">{t('members.disabled')}</span>}
              <br />
              <span className="soft small">{detail(member)}</span>
            </div>
            {may('members.manage') && (
              <button
                type="button"
                aria-label={`${t('common.open')}: ${member.name}`}
                onClick={() => setEditing(member)}
              >
                {t('common.open')}
              </button>
            )}
          </>
        )}
      </List>
      {may('members.manage') && <MemberInvitations nameOf={nameOf} />}
      <Dialog open={editing !== null} title={editing?.name ?? ''} onClose={() => setEditing(null)}>
        {editing && <MemberForm member={editing} onDone={() => setEditing(null)} />}
      </Dialog>
      <Dialog open={inviting} title={t('members.invite')} onClose={() => setInviting(false)}>
        {inviting && <MemberInvite />}
      </Dialog>
    </Page>
  );
}
