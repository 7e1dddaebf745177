import type { ReviewDraft, ReviewReject } from '@rapport/protocol/supervision';
import { ApiError } from '@rapport/sdk/api';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { api } from '../../lib/api.ts';

/** How long nothing is typed before it is sent. Milliseconds. */
const pauseMs = 600;

/** What a person makes of the draft, after the part that is released. */
interface Edit {
  text: string;
  /** How much of the persona's draft it stands for. */
  base: number;
  /** The draft as it was when this was begun or saved last. */
  seen: ReviewDraft;
  saved: boolean;
}

/** The persona has written on, or come to its end, and no person changed anything. */
const onlyGrew = (before: ReviewDraft, now: ReviewDraft): boolean =>
  now.released === before.released &&
  now.text.startsWith(before.text) &&
  now.text.length - before.text.length === now.draftLength - before.draftLength;

const isConflict = (error: unknown): boolean => error instanceof ApiError && error.code === 'conflict';

/** Reads a held reply anew, and sends what stands on a revision of it. */
function useCalls(id: string) {
  const queries = useQueryClient();
  const path = `/reviews/${id}`;
  const keep = useCallback(
    (next: ReviewDraft) => {
      queries.setQueryData<ReviewDraft>(['review', id], (old) => (old && old.revision > next.revision ? old : next));
      void queries.invalidateQueries({ queryKey: ['reviews'] });
      return next;
    },
    [queries, id],
  );
  const read = useCallback(async () => keep(await api.get<ReviewDraft>(path)), [keep, path]);
  /** The end of the draft counts as a revision, too: where `fits` what is there now, it is sent once more. */
  const onRevision = useCallback(
    async (
      seen: ReviewDraft,
      send: (revision: number) => Promise<ReviewDraft>,
      fits: (now: ReviewDraft) => boolean = (now) => onlyGrew(seen, now),
    ) => {
      try {
        return keep(await send(seen.revision));
      } catch (error) {
        if (!isConflict(error)) throw error;
        const now = await read();
        if (now.revision === seen.revision || !fits(now)) throw error;
        return keep(await send(now.revision));
      }
    },
    [keep, read],
  );
  return { path, keep, read, onRevision };
}

/** A person's words in place of the persona's: sent when typing pauses, never over somebody else's. */
function useEdit({ path, onRevision }: ReturnType<typeof useCalls>) {
  const [edit, setEdit] = useState<Edit | null>(null);
  const [error, setError] = useState<unknown>(null);
  const latest = useRef(edit);
  const sending = useRef<Promise<unknown>>(Promise.resolve());
  const change = useCallback((next: Edit | null) => {
    latest.current = next;
    setEdit(next);
  }, []);

  const save = useCallback(async () => {
    const now = latest.current;
    if (!now || now.saved) return;
    const { text, base, seen } = now;
    const next = await onRevision(seen, (revision) =>
      api.put<ReviewDraft>(`${path}/draft`, { revision, base, text: seen.released + text }),
    );
    const after = latest.current;
    if (after) change({ ...after, seen: next, saved: after.text === text && after.base === base });
  }, [path, onRevision, change]);
  /** Resolves when all that was typed is stored. Throws ApiError. */
  const flush = useCallback(() => {
    sending.current = sending.current.catch(() => {}).then(save);
    return sending.current;
  }, [save]);

  useEffect(() => {
    if (!edit || edit.saved) return;
    const timer = setTimeout(() => {
      flush().then(() => setError(null), setError);
    }, pauseMs);
    return () => clearTimeout(timer);
  }, [edit, flush]);

  // What was typed last is not lost with the page.
  useEffect(() => () => void flush().catch(() => {}), [flush]);

  return { edit, error, setError, change, flush, latest };
}

/** A held reply and everything a reviewer can do with it; `live` is what the persona has written, as it streams. */
export function useDraft(id: string, live: string) {
  const calls = useCalls(id);
  const { path, keep, read, onRevision } = calls;
  const query = useQuery({ queryKey: ['review', id], queryFn: () => api.get<ReviewDraft>(path) });
  const { edit, error, setError, change, flush, latest } = useEdit(calls);
  const review = query.data;
  const written = Math.max(live.length, review?.draftLength ?? 0);
  /** What a release would send, as far as it is known here. */
  const text = review ? review.text + live.slice(review.draftLength) : '';

  const act = useMutation({
    mutationFn: async (work: (now: ReviewDraft) => Promise<ReviewDraft>) => {
      await flush();
      const now = latest.current?.seen ?? review ?? (await read());
      return keep(await work(now));
    },
    onSuccess: () => setError(null),
    // Somebody else was first: what is there now says who.
    onError: () => void read().catch(() => {}),
  });
  const { mutate } = act;

  return {
    review,
    missing: query.error,
    text,
    edit,
    busy: act.isPending,
    error: act.error ?? error,
    conflict: isConflict(error),
    begin: () =>
      review && change({ text: text.slice(review.released.length), base: written, seen: review, saved: true }),
    type: (next: string) => edit && change({ ...edit, text: next, saved: false }),
    /** What the persona wrote after the part that the edit stands for. */
    tail: edit ? live.slice(edit.base) : '',
    join: () => edit && change({ ...edit, text: edit.text + live.slice(edit.base), base: written, saved: false }),
    done: () => void flush().then(() => change(null), setError),
    drop: () => {
      setError(null);
      change(null);
      void read().catch(setError);
    },
    insist: () => {
      void read()
        .then((seen) => edit && change({ ...edit, seen, saved: false }))
        .then(() => setError(null), setError);
    },
    forget: act.reset,
    releaseTo: (through: number) =>
      mutate((now) => onRevision(now, (revision) => api.post(`${path}/release`, { revision, through }))),
    release: () =>
      mutate((now) =>
        onRevision(
          now,
          (revision) => api.post(`${path}/release`, { revision }),
          // Nothing goes out that was not to be read here.
          (fresh) => onlyGrew(now, fresh) && (edit !== null || fresh.text === text),
        ),
      ),
    reject: (body: ReviewReject) => mutate(() => api.post(`${path}/reject`, body)),
    claim: () => mutate(() => api.post(`${path}/claim`)),
    unclaim: () => mutate(() => api.post(`${path}/unclaim`)),
    handOver: (userId: string) => mutate(() => api.post(`${path}/hand-over`, { userId })),
    takeOver: () =>
      mutate(async (now) => {
        await api.post(`/sessions/${now.sessionId}/takeover`);
        return read();
      }),
  };
}

export type Draft = ReturnType<typeof useDraft>;
