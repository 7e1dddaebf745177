import type { RoomEvent } from '@rapport/protocol/events';
import type { KnowledgeBaseDetail } from '@rapport/protocol/knowledge';
import { createLive, type RoomStatus } from '@rapport/sdk/live';
import { useQuery, useQueryClient, type InfiniteData, type QueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api } from '../../lib/api.ts';
import { isId } from '../../lib/isId.ts';
import { applyDocumentEvent, isProgress, type ShownDocument } from './documentEvents.ts';

export const basePath = (baseId: string): string => `/knowledge-bases/${baseId}`;
export const documentsPath = (baseId: string): string => `${basePath(baseId)}/documents`;
const baseKey = (baseId: string) => ['knowledge-base', baseId];
export const documentKey = (baseId: string, documentId: string) => ['knowledge-document', baseId, documentId];

/** Embeddings are made behind the documents' own progress, which is told as events. */
const embeddingMs = 3000;
const isEmbedding = (of: KnowledgeBaseDetail['embeddings'] | undefined): boolean =>
  of?.approved === true && of.made < of.of;

export const useBase = (id: string) =>
  useQuery({
    queryKey: baseKey(id),
    queryFn: () => api.get<KnowledgeBaseDetail>(basePath(id)),
    enabled: isId(id),
    refetchInterval: ({ state }) => (isEmbedding(state.data?.embeddings) ? embeddingMs : false),
  });

/** Whatever is shown of the base is asked for anew. */
export const refreshBase = (queries: QueryClient, baseId: string): Promise<unknown> =>
  Promise.all([
    queries.invalidateQueries({ queryKey: baseKey(baseId) }),
    queries.invalidateQueries({ queryKey: [documentsPath(baseId)] }),
    queries.invalidateQueries({ queryKey: ['knowledge-document', baseId] }),
    queries.invalidateQueries({ queryKey: ['evaluations', baseId] }),
  ]);

type Pages = InfiniteData<{ items: ShownDocument[]; next: string | null }, unknown>;

function show(queries: QueryClient, baseId: string, event: RoomEvent): void {
  queries.setQueriesData<Pages>({ queryKey: [documentsPath(baseId)] }, (data) => {
    if (!data) return data;
    const pages = data.pages.map((page) => ({
      ...page,
      items: page.items.map((document) => applyDocumentEvent(document, event)).filter((document) => document !== null),
    }));
    return { ...data, pages };
  });
}

/** A thousand files are a few thousand events: what they change is asked for this often at most. */
const refreshMs = 400;

/** Keeps what is shown of a base as its room tells it, from the moment it was read. */
export function useBaseRoom(base: KnowledgeBaseDetail | undefined): RoomStatus {
  const queries = useQueryClient();
  const [status, setStatus] = useState<RoomStatus>('connecting');
  const { id, roomId } = base ?? {};
  useEffect(() => {
    if (!id || !roomId) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const refresh = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        void refreshBase(queries, id);
      }, refreshMs);
    };
    const live = createLive();
    live.room(roomId, {
      after: queries.getQueryData<KnowledgeBaseDetail>(baseKey(id))?.cursor ?? 0,
      onEvent(event) {
        show(queries, id, event);
        if (!isProgress(event)) refresh();
      },
      onReset: refresh,
      onDelta: () => {},
      onReplyReset: () => {},
      onStatus: setStatus,
    });
    return () => {
      clearTimeout(timer);
      live.close();
    };
  }, [queries, id, roomId]);
  return status;
}
