import type { Permission } from '@rapport/protocol/permissions';
import type { Me } from '@rapport/protocol/setup';
import { useQuery } from '@tanstack/react-query';
import { api } from './api.ts';

/** Who is signed in; asked once for all that want to know. */
export const useMe = () =>
  useQuery({ queryKey: ['me'], queryFn: () => api.get<Me>('/me'), staleTime: 60_000, refetchOnWindowFocus: true });

/** Whether to offer what needs this permission; the server decides anew when it is used. */
export function useMay(): (permission: Permission) => boolean {
  const held = new Set(useMe().data?.permissions ?? []);
  return (permission) => held.has(permission);
}
