import type { TestApp, TestSession } from './app.ts';
import { talking, until } from './talking.ts';
import type { Upstream } from './upstream.ts';

/** What is remembered, as a test asks for it. */
export function remembering(app: TestApp, upstream: Upstream) {
  const { post, eventsOf } = talking(app);
  /** Says it, and waits for the end of the reply. Returns what the provider was sent for it. */
  const say = async (session: TestSession, text: string): Promise<{ prompt: string; replyId: string }> => {
    const { replyId } = (await post(session, text)).body;
    await until(
      async () =>
        (await eventsOf(session)).some(({ type, data }) => type === 'reply.completed' && data.replyId === replyId),
      'the reply',
    );
    const request = upstream.requests.findLast(({ body }) => JSON.stringify(body.messages).includes(text));
    return { prompt: JSON.stringify(request?.body.messages), replyId };
  };
  return {
    say,
    makeClient: async (name = 'Nina'): Promise<string> => (await app.json('POST', '/api/v1/clients', { name })).body.id,
    write: (clientId: string, body: object, headers = {}) =>
      app.json('POST', `/api/v1/clients/${clientId}/memories`, body, headers),
    list: async (clientId: string, query = '') =>
      (await app.json('GET', `/api/v1/clients/${clientId}/memories${query}`)).body.items,
    act: (id: string, what: string, body?: object, headers = {}) =>
      app.json('POST', `/api/v1/memories/${id}/${what}`, body, headers),
    end: (session: TestSession) => app.json('POST', `/api/v1/sessions/${session.id}/end`),
    setPolicy: (policy: object = {}) =>
      app.json('PUT', '/api/v1/memory-policy', {
        propose: 'rules',
        autoApprove: false,
        recallSensitive: false,
        budgetTokens: 600,
        ...policy,
      }),
    contextOf: (session: TestSession, replyId: string, headers = {}) =>
      app.json('GET', `/api/v1/sessions/${session.id}/replies/${replyId}/context`, undefined, headers),
  };
}
