import type { TestApp, TestSession } from './app.ts';

export interface SeenEvent {
  seq: number;
  type: string;
  audience: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a test reads what the server sent
  data: any;
}

export const grave = 'I am going to kill myself tonight';

export const safetySettings = {
  ackSeconds: 300,
  pageSeconds: 120,
  maxPages: 5,
  fallbackEmail: 'fallback@house.example',
  disclosureMinutes: 180,
  language: 'en',
  secondOpinion: false,
};

/** The model of a persona; the upstream plays what it is named. */
export const playing = (name: string) => ({
  model: { providerId: null, model: name, temperature: null, maxTokens: 512, contextTokens: 8000 },
});

export const until = async <T>(look: () => Promise<T | undefined | false>, what: string): Promise<T> => {
  for (const end = Date.now() + 15_000; Date.now() < end;) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`${what} did not come`);
};

/** What happens in sessions, as a test asks for it. */
export function talking(app: TestApp) {
  const eventsOf = async (session: TestSession, headers: Record<string, string> = {}): Promise<SeenEvent[]> =>
    (await app.json('GET', `/api/v1/rooms/${session.roomId}/events?limit=500`, undefined, headers)).body.events;
  return {
    eventsOf,
    post: (session: TestSession, text: string, key = crypto.randomUUID()) =>
      app.json(
        'POST',
        `/api/v1/sessions/${session.id}/messages`,
        { text },
        { ...session.client, 'idempotency-key': key },
      ),
    untilEvent: (session: TestSession, type: string, count = 1): Promise<SeenEvent> =>
      until(async () => {
        const found = (await eventsOf(session)).filter((event) => event.type === type);
        return found.length >= count && (found[count - 1] as SeenEvent);
      }, type),
    escalationsOf: async (session: TestSession, headers: Record<string, string> = {}) =>
      (await app.json('GET', `/api/v1/escalations?sessionId=${session.id}`, undefined, headers)).body.items,
  };
}
