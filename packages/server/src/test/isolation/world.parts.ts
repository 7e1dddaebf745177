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

export const memoryPolicy = { propose: 'rules', autoApprove: false, recallSensitive: false, budgetTokens: 600 };

/** What is remembered of a client: one memory that quotes them, and one that a client may change themselves. */
export async function seedMemories(call: Call, clientId: string, mark: string, messageId: string) {
  const quote = `I say ${mark}.`;
  const { id: memory } = await call('POST', `clients/${clientId}/memories`, {
    statement: `Says ${mark} now and then.`,
    tags: [mark],
    evidence: [{ messageId, start: 0, end: quote.length, quote }],
  });
  const { id: ownMemory } = await call('POST', `clients/${clientId}/memories`, { statement: `Of ${mark} alone.` });
  return { memory, ownMemory };
}

/** A knowledge base with a document, an approved answer and an evaluation, whose first run is asked for. */
export async function seedKnowledge(call: Call, mark: string) {
  const { id: knowledgeBase, roomId: knowledgeRoom } = await call('POST', 'knowledge-bases', {
    name: `Base ${mark}`,
    description: `About ${mark}`,
  });
  const { id: document } = await call('POST', `knowledge-bases/${knowledgeBase}/documents`, {
    title: `Document ${mark}`,
    text: `# On ${mark}\n\nThe harbour opens at nine. Everybody knows ${mark} by name.`,
  });
  const { id: curated } = await call('POST', `knowledge-bases/${knowledgeBase}/curated-answers`, {
    question: `Who knows ${mark}?`,
    answer: `Everybody knows ${mark}.`,
  });
  const evaluation = (await call('POST', `knowledge-bases/${knowledgeBase}/evaluations`, {
    name: `Set ${mark}`,
    questions: [{ question: `Who knows ${mark}?`, documentIds: [document] }],
  })) as unknown as { id: string; lastRun: { id: string } };
  const { id: evaluationId, lastRun } = evaluation;
  return { knowledgeBase, knowledgeRoom, document, curated, evaluation: evaluationId, evaluationRun: lastRun.id };
}

/** A draft that waits changes nothing by itself while the proof runs. */
export async function makePatient(call: Call, mark: string) {
  await call('PUT', 'organisation/supervision', {
    policy: 'auto',
    delaySeconds: 600,
    reviewSeconds: 86_400,
    pages: 0,
    fallbackEmail: `${mark}@night.example`.toLowerCase(),
  });
}
