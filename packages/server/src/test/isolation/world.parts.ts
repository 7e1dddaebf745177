import type { TestApp } from '../app.ts';

export type Headers = Record<string, string>;

export type Call = (method: string, path: string, body?: unknown, headers?: Headers) => Promise<Record<string, never>>;

/** Calls that must succeed. */
export const caller =
  (app: TestApp, as: Headers): Call =>
  async (method, path, body, headers = {}) => {
    const answer = await app.json(method, `/api/v1/${path}`, body, { ...as, ...headers });
    if (answer.status >= 300)
      throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };

export const clientBody = (mark: string) => ({
  name: `Client ${mark}`,
  about: `Likes ${mark}`,
  contact: `Phone of ${mark}`,
  tags: ['regular', `Tag ${mark}`],
  riskFactors: [`Risk ${mark}`],
});

export const goalBody = (mark: string) => ({ title: `Goal ${mark}`, milestones: [{ title: `Step ${mark}` }] });

/** A reply that waits for a decision, in another session of the client. Returns its id. */
export async function seedReview(call: Call, clientId: string, personaId: string, mark: string): Promise<string> {
  const { id } = await call('POST', 'sessions', { personaId, clientId, policy: 'approve' });
  const asked = await call('POST', `sessions/${String(id)}/messages`, { text: `Held for ${mark}` });
  const { replyId } = asked as unknown as { replyId: string };
  for (const end = Date.now() + 20_000; Date.now() < end;) {
    const review = (await call('GET', `reviews/${replyId}`)) as unknown as { state: string };
    if (review.state === 'waiting') return replyId;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the held reply did not come to its end');
}

/** A knowledge base that is for some only, with a file in it that was read. */
export async function seedFile(app: TestApp, staff: Headers, mark: string, userId: string) {
  const call = caller(app, staff);
  const { id, roomId } = await call('POST', 'knowledge-bases', {
    name: `Kept ${mark}`,
    audience: { kind: 'chosen', userIds: [userId] },
  });
  const form = new FormData();
  form.append('files', new Blob([`The lighthouse of ${mark} is white.`]), `File ${mark}.txt`);
  const path = `${app.url}/api/v1/knowledge-bases/${String(id)}/documents`;
  const { status } = await fetch(path, { method: 'POST', headers: staff, body: form });
  if (status !== 202) throw new Error(`the upload of a file answered ${status}`);
  for (let after = 0, end = Date.now() + 20_000; Date.now() < end;) {
    const page = (await call('GET', `rooms/${String(roomId)}/events?after=${after}&wait=10`)) as unknown as {
      events: { type: string }[];
      next: number;
    };
    if (page.events.some(({ type }) => type === 'document.ready')) return;
    after = page.next;
  }
  throw new Error('the file was not read');
}
