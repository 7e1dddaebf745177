import type { Member, Team } from '@rapport/protocol/members';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../lib/api.ts';

interface List<T> {
  items: T[];
  next: string | null;
}

/** The whole of a list, page after page. */
async function all<T>(path: string): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await api.get<List<T>>(path, { limit: 200, cursor });
    items.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor);
  return items;
}

export const useAllMembers = () => useQuery({ queryKey: ['/members', 'all'], queryFn: () => all<Member>('/members') });
export const useAllTeams = () => useQuery({ queryKey: ['/teams', 'all'], queryFn: () => all<Team>('/teams') });
