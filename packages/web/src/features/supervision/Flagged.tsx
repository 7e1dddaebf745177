import type { Flag } from '@rapport/protocol/safety';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { api } from '../../lib/api.ts';
import { FoundBadge, Marked } from './Marked.tsx';

/** For the transcript of the team: a message in which something was found, with the words that were. */
export function useFlagged(sessionId: string, moment: number): (id: string, text: string) => ReactNode {
  const flags = useQuery({
    queryKey: ['flags', sessionId, moment],
    queryFn: () => api.get<{ items: Flag[] }>(`/sessions/${sessionId}/flags`, { limit: 200 }),
    placeholderData: (before: { items: Flag[] } | undefined) => before,
  });
  return (id, text) => {
    const flag = flags.data?.items.find((one) => one.messageId === id);
    if (!flag?.findings.length) return undefined;
    return (
      <div className="text" dir="auto">
        <p>
          <Marked text={text} findings={flag.findings} />
        </p>
        <p className="small">
          <FoundBadge findings={flag.findings} />
        </p>
      </div>
    );
  };
}
