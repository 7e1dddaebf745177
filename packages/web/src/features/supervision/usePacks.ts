import type { Packs } from '@rapport/protocol/packs';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';

export const packsPath = '/organisation/packs';

/** The jurisdiction packs and what is in force of them, for those of the team who see sessions. */
export const usePacks = () => {
  const may = useMay();
  return useQuery({
    queryKey: [packsPath],
    queryFn: () => api.get<Packs>(packsPath),
    enabled: may('sessions.read'),
  });
};
