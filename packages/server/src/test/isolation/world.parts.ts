import { setTimeout as sleep } from 'node:timers/promises';
import { keyPermissions } from '@rapport/protocol/permissions';
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

/** Until all passages have their vectors and what is done because of it is done. */
export async function embedded(app: TestApp, orgId: string): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(50)) {
    const { busy } = await app.db.everywhere.one<{ busy: boolean }>(
      `select exists (select 1 from index_part where org_id = $1 and vector_space is null)
         or exists (select 1 from embedding_turn where org_id = $1 and lease_until is not null)
         or exists (select 1 from evaluation_run where org_id = $1 and state in ('queued', 'running')) as busy`,
      [orgId],
    );
    if (!busy) return beginIndex(app, orgId);
  }
  throw new Error('the passages got no vectors');
}

/** Until all memories have their vectors: what makes them writes and counts in its own time. */
export async function remembered(app: TestApp, orgId: string): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(50)) {
    const { busy } = await app.db.everywhere.one<{ busy: boolean }>(
      `select exists (select 1 from memory_vector where org_id = $1 and space is null and retry_at is null)
         or exists (select 1 from embedding_turn where org_id = $1 and lease_until is not null) as busy`,
      [orgId],
    );
    if (!busy) return;
  }
  throw new Error('the memories got no vectors');
}

/** As where pgvector is; the space of nothing, so that nothing is written into an index that is not here. */
const beginIndex = async (app: TestApp, orgId: string): Promise<void> => {
  await app.db.everywhere.exec(
    `insert into vector_index (org_id, knowledge_base_id, space, dimensions)
     select org_id, id, 'none', 8 from knowledge_base where org_id = $1`,
    [orgId],
  );
};

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

/** A line of work with a client in a folder, and one that nothing belongs to. */
export async function seedThreads(call: Call, clientId: string, goalId: string, mark: string) {
  const { id: threadFolder } = await call('POST', 'thread-folders', { name: `Folder ${mark}` });
  const body = { name: `Thread ${mark}`, stage: mark, tags: [mark], folderId: threadFolder, goalIds: [goalId] };
  const { id: thread } = await call('POST', `clients/${clientId}/threads`, body);
  const { id: spareThread } = await call('POST', `clients/${clientId}/threads`, { name: `Spare ${mark}` });
  return { threadFolder, thread, spareThread };
}

/** Rows that only a timer makes, or another installation's file. */
export async function seedRows(app: TestApp, orgId: string, userId: string, client: string): Promise<void> {
  const rows: [string, unknown[]][] = [
    [
      `insert into usage_hour (org_id, hour, persona_id, user_id, replies, tokens, cost_micro_usd)
       values ($1, now() - interval '90 days', $2, $2, 1, 1, 1)`,
      [orgId, userId],
    ],
    ['insert into usage_through (org_id, through) values ($1, now()) on conflict do nothing', [orgId]],
    [
      'insert into person_import (org_id, archive_hash, client_id, imported_by) values ($1, $2, $3, $4)',
      [orgId, Buffer.from(orgId), client, userId],
    ],
  ];
  await app.db.in(orgId).tx(async (tx) => {
    for (const [text, values] of rows) await tx.exec(text, values);
  });
}

/** Of every owner and member. */
export const password = 'correct horse battery staple';

/** Who works there: another member with a role of the organisation's own, a team of theirs, an invitation, a key. */
export async function seedTeam(app: TestApp, staff: Headers, mark: string) {
  const call = caller(app, staff);
  const { id: role } = await call('POST', 'roles', {
    name: `Role ${mark}`,
    about: mark,
    permissions: ['knowledge.read'],
  });
  const { token } = await call('POST', 'member-invitations', { roles: ['facilitator', role], name: `Member ${mark}` });
  await call('POST', `join-team/${token}`, { name: `Member ${mark}`, password });
  const { items } = (await call('GET', 'members')) as unknown as { items: { id: string; name: string }[] };
  const member = items.find(({ name }) => name === `Member ${mark}`)?.id;
  const { id: memberInvitation } = await call('POST', 'member-invitations', {
    roles: ['author'],
    name: `Guest ${mark}`,
  });
  const { id: team } = await call('POST', 'teams', { name: `Team ${mark}` });
  await call('PUT', `teams/${team}/members`, { memberIds: [member] });
  const { id: apiKey, key } = await call('POST', 'api-keys', { name: `Key ${mark}`, scopes: keyPermissions });
  return { ids: { role, member, memberInvitation, team, apiKey }, headers: { authorization: `Bearer ${key}` } };
}
/** A knowledge base with a document, an approved answer, an evaluation whose first run is asked for, and a version that waits for it. */
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
  const { id: waitingDocument } = await call('POST', `knowledge-bases/${knowledgeBase}/documents`, {
    title: 'Opening times',
    text: 'Open from nine to five.',
  });
  await call('PUT', `knowledge-bases/${knowledgeBase}/documents/${waitingDocument}`, { text: 'Open from ten to six.' });
  const one = { evaluation: evaluationId, evaluationRun: lastRun.id, waitingDocument };
  return { knowledgeBase, knowledgeRoom, document, curated, ...one };
}

/** How the organisation supervises, its texts for a crisis, and a pack. */
export async function seedRules(call: Call, mark: string): Promise<void> {
  // No second letter while the proof runs: nothing may change by itself.
  await call('PUT', 'safety', {
    ackSeconds: 86_400,
    pageSeconds: 86_400,
    maxPages: 1,
    fallbackEmail: `${mark}@fallback.example`.toLowerCase(),
    disclosureMinutes: null,
    language: 'en',
    secondOpinion: false,
  });
  await call('PUT', 'organisation/supervision', {
    policy: 'auto',
    delaySeconds: 600,
    reviewSeconds: 86_400,
    pages: 0,
    fallbackEmail: `${mark}@night.example`.toLowerCase(),
  });
  await call('PUT', 'organisation/packs', { packs: ['eu-ai-act-50'] });
  await call('POST', 'safety/texts/abuse', { texts: [{ language: 'en', text: `Call ${mark}` }] });
}

/** Until as many replies are there as messages of the client. */
export const repliesOf = async (call: Call, roomId: string, count: number): Promise<void> => {
  let completed = 0;
  for (let after = 0, end = Date.now() + 20_000; Date.now() < end;) {
    const page = (await call('GET', `rooms/${roomId}/events?after=${after}&wait=10`)) as unknown as {
      events: { type: string }[];
      next: number;
    };
    completed += page.events.filter(({ type }) => type === 'reply.completed').length;
    if (completed >= count) return;
    after = page.next;
  }
  throw new Error(`${completed} of ${count} replies were completed`);
};
