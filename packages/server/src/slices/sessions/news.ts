import type { NewsTopic } from '@rapport/protocol/live';
import type { EventDraft } from '../../platform/events/store.ts';
import type { Hub } from '../../platform/realtime/hub.ts';
import type { Wake } from '../../platform/realtime/wake.ts';

/** Which list of the team an event changes. */
const topics: readonly [RegExp, NewsTopic][] = [
  [/^(draft\.ready|review\.|reply\.(held|released|stopped|failed|interrupted)$)/, 'reviews'],
  [/^escalation\./, 'escalations'],
  [/^(session\.|policy\.changed$|client\.joined$)/, 'sessions'],
];

/**
 * Tells who follows the organisation's room that one of the team's lists has changed by something in a room. It says which
 * list, never what: whoever may see that room reads the list anew. It is not stored; who misses it reads the list later.
 */
export function createTeamNews({ hub, wake }: { hub: Hub; wake: Wake }) {
  const show = (orgId: string, about: string, room: string) =>
    hub.ephemeral(orgId, { audience: 'staff', type: 'news', body: JSON.stringify({ about, room }) });

  wake.on((topic) => {
    const [kind, orgId, about, room] = topic.split('/');
    if (kind === 'news' && orgId && about && room) show(orgId, about, room);
  });

  return (orgId: string, room: string, events: readonly EventDraft[]): void => {
    // A reply that is not held is in no list.
    const names = events.map(({ type, data }) => (type === 'reply.started' && 'held' in data ? 'review.opened' : type));
    for (const [pattern, about] of topics) {
      if (!names.some((name) => pattern.test(name))) continue;
      show(orgId, about, room);
      wake.send(`news/${orgId}/${about}/${room}`, Date.now());
    }
  };
}
