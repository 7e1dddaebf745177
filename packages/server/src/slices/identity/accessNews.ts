import type { Wake } from '../../platform/realtime/wake.ts';

const topic = 'access';

export type AccessNews = ReturnType<typeof createAccessNews>;

/**
 * Spreads that somebody's access has changed: a member disabled, a role, a team, an assignment, a key. Every server forgets
 * what it remembers of tokens, and looks anew at whoever is connected. Lost news is found by the patrols of the connections.
 */
export function createAccessNews(wake: Pick<Wake, 'send' | 'on' | 'onReconnect'> | undefined, forget: () => void) {
  const listeners = new Set<(orgId: string | null) => void>();
  const tell = (orgId: string | null) => {
    forget();
    for (const listener of listeners) listener(orgId);
  };
  wake?.on((told) => {
    const [kind, orgId] = told.split('/');
    if (kind === topic && orgId) tell(orgId);
  });
  // Nobody knows what was missed.
  wake?.onReconnect(() => tell(null));

  return {
    /** Call after the commit. */
    changed(orgId: string): void {
      tell(orgId);
      wake?.send(`${topic}/${orgId}`, Date.now());
    },

    /** Called with the organisation, or null where it may be any. Returns how to end it. */
    onAccessChanged(listener: (orgId: string | null) => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
