import type { MemberInvitation } from '@rapport/protocol/members';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { List } from '../../lib/Page.tsx';
import { Failure, formatDate } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';

export function MemberInvitations({ nameOf }: { nameOf(role: string): string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const list = usePages<MemberInvitation>('/member-invitations');
  const revoke = useMutation({
    mutationFn: (id: string) => api.delete(`/member-invitations/${id}`),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['/member-invitations'] }),
  });
  const isOpen = (i: MemberInvitation) => !i.revokedAt && !i.acceptedAt && Date.parse(i.expiresAt) > Date.now();
  const state = (i: MemberInvitation): string => {
    if (i.revokedAt) return t('invite.revoked');
    if (i.acceptedAt) return t('invite.accepted');
    return isOpen(i) ? t('invite.until', { date: formatDate(i.expiresAt) }) : t('invite.expired');
  };
  if (list.items.length === 0) return <Failure error={list.error} />;
  return (
    <section>
      <h2>{t('invite.existing')}</h2>
      <List list={list} empty={null}>
        {(i) => (
          <>
            <div className="grow">
              <strong>{i.email ?? i.name ?? i.roles.map(nameOf).join(', ')}</strong>
              <br />
              <span className="soft small">
                {[i.roles.map(nameOf).join(', '), i.invitedBy, state(i)].filter(Boolean).join(' · ')}
              </span>
            </div>
            {isOpen(i) && (
              <button
                type="button"
                disabled={revoke.isPending}
                aria-label={`${t('invite.revoke')}: ${i.email ?? formatDate(i.createdAt)}`}
                onClick={() => revoke.mutate(i.id)}
              >
                {t('invite.revoke')}
              </button>
            )}
          </>
        )}
      </List>
      <Failure error={revoke.error} />
    </section>
  );
}
