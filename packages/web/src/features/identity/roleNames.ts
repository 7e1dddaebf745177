import type { Role } from '@rapport/protocol/members';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';

/** The roles of the organisation, and what to call each. */
export function useRoles() {
  const { t } = useTranslation();
  const roles = useQuery({ queryKey: ['/roles'], queryFn: () => api.get<{ items: Role[] }>('/roles') });
  const names: Record<string, string> = {
    owner: t('roles.owner'),
    administrator: t('roles.administrator'),
    supervisor: t('roles.supervisor'),
    facilitator: t('roles.facilitator'),
    author: t('roles.author'),
    analyst: t('roles.analyst'),
  };
  const items = roles.data?.items ?? [];
  const nameOf = (id: string): string => names[id] ?? items.find((role) => role.id === id)?.name ?? id;
  return { ...roles, items, nameOf };
}
