import type { KnowledgeBaseDetail } from '@rapport/protocol/knowledge';
import type { PersonaVersion } from '@rapport/protocol/personas';
import type { Session } from '@rapport/protocol/sessions';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';

export type SessionBase = Pick<KnowledgeBaseDetail, 'id' | 'name'>;

const mostVersions = 200;

/** The knowledge base of the persona's version that speaks in a session; undefined where there is none, or none to see. */
export function useSessionBase({ persona }: Session): SessionBase | undefined {
  const may = useMay();
  const mayLook = may('personas.read') && may('knowledge.read');
  const versions = useQuery({
    queryKey: ['versions', persona.id, mostVersions],
    queryFn: () => api.get<{ items: PersonaVersion[] }>(`/personas/${persona.id}/versions`, { limit: mostVersions }),
    enabled: mayLook,
    staleTime: Infinity,
  });
  const id = versions.data?.items.find(({ version }) => version === persona.version)?.spec.knowledgeBaseId;
  const base = useQuery({
    queryKey: ['knowledge-base', id],
    queryFn: () => api.get<KnowledgeBaseDetail>(`/knowledge-bases/${id}`),
    enabled: Boolean(id),
  });
  return base.data;
}
