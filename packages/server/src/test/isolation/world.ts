import { randomBytes } from 'node:crypto';
import { newId, newToken } from '../../platform/ids.ts';
import { hashLoginToken } from '../../slices/identity/logins.shared.ts';
import type { TestApp } from '../app.ts';
import {
  caller,
  clientBody,
  embedded,
  goalBody,
  memoryPolicy,
  password,
  repliesOf,
  seedFile,
  seedKnowledge,
  remembered,
  seedMemories,
  seedReview,
  seedRows,
  seedRules,
  seedTeam,
  seedThreads,
  type Headers,
} from './world.parts.ts';

/** What an id can name. A new entity gets a line here, in `seedWorld`, and in the fixtures that take its id. */
export type Kind =
  | 'organisation'
  | 'user'
  | 'member'
  | 'memberInvitation'
  | 'role'
  | 'team'
  | 'apiKey'
  | 'hold'
  | 'erasure'
  | 'erasureRequest'
  | 'deidExport'
  | 'identityProvider'
  | 'login'
  | 'passkey'
  | 'provider'
  | 'budget'
  | 'grant'
  | 'knowledgeBase'
  | 'knowledgeRoom'
  | 'document'
  | 'curated'
  | 'evaluation'
  | 'evaluationRun'
  | 'waitingDocument'
  | 'chunk'
  | 'persona'
  | 'client'
  | 'goal'
  | 'note'
  | 'questionnaire'
  | 'session'
  | 'room'
  | 'message'
  | 'reply'
  | 'guidance'
  | 'review'
  | 'escalation'
  | 'report'
  | 'aiInsight'
  | 'invitation'
  | 'memory'
  | 'ownMemory'
  | 'threadFolder'
  | 'thread'
  | 'spareThread'
  | 'threadMemory';

/** One organisation with something of everything in it. */
export interface World {
  /** Stands in every text of this organisation, and nowhere else. */
  mark: string;
  ids: Record<Kind, string>;
  staff: Headers;
  /** What an API key of the owner's opens. */
  apiKey: Headers;
  /** The client of the session in `ids`. */
  client: Headers;
  /** Stands in every text of the session in `ids` and of its client, and nowhere else. */
  talkMark: string;
  /** A client of the same organisation in another session, and the ids of theirs. */
  neighbour: { headers: Headers; ids: Record<Kind, string> };
  /** Keys that its staff and client used, each with the request it was used for. */
  usedKeys: { key: string; kind: Kind; path: string; body: object }[];
}

/** A word of letters and digits that no stemmer shortens and no other text holds. */
const newMark = (name: string): string => `zq${name}${randomBytes(6).toString('hex')}7`;

/** An organisation beside the one of the set-up, with an owner who is signed in. Returns the owner's headers. */
async function makeOrganisation(app: TestApp, mark: string): Promise<Omit<Begun, 'mark'>> {
  const [orgId, userId, token, login, passkey] = [newId(), newId(), newToken(), newId(), newId()];
  await app.db.everywhere.tx(async (tx) => {
    await tx.exec('insert into org (id, name) values ($1, $2)', [orgId, `House ${mark}`]);
    await app.keyring.create(tx, orgId, orgId);
    await tx.exec(`insert into login (id, email, name) values ($1, $2, $3)`, [
      userId,
      `${mark}@house.example`.toLowerCase(),
      `Owner ${mark}`,
    ]);
    await tx.exec('insert into app_user (org_id, id, name, login_id) values ($1, $2, $3, $2)', [
      orgId,
      userId,
      `Owner ${mark}`,
    ]);
    await tx.exec(`insert into member_role (org_id, user_id, built_in) values ($1, $2, 'owner')`, [orgId, userId]);
    await tx.exec(
      `insert into login_session (id, login_id, token, org_id, method, expires_at)
       values ($1, $2, $3, $4, 'password', now() + interval '1 day')`,
      [login, userId, hashLoginToken(token), orgId],
    );
    await tx.exec(
      `insert into login_passkey (id, login_id, name, credential_id, public_key, counter, device_type, backed_up)
       values ($1, $2, $3, $3, 'x', 0, 'singleDevice', false)`,
      [passkey, userId, mark],
    );
  });
  // Signed in as people are: the library takes only cookies that it has signed.
  await app.json('PUT', '/api/v1/me/password', { password }, { cookie: `rapport_session=${token}` });
  const { headers } = await app.json('POST', '/api/v1/sign-in', { name: `${mark}@house.example`, password });
  const cookie = headers.getSetCookie().find((one) => one.includes('rapport_session='));
  if (!cookie) throw new Error('the owner could not sign in');
  return { orgId, userId, staff: { cookie: cookie.split(';')[0] ?? '' }, login, passkey };
}

interface Talk {
  ids: Pick<
    Record<Kind, string>,
    | 'client'
    | 'goal'
    | 'note'
    | 'questionnaire'
    | 'session'
    | 'room'
    | 'message'
    | 'reply'
    | 'guidance'
    | 'review'
    | 'invitation'
    | 'escalation'
    | 'report'
    | 'aiInsight'
    | 'memory'
    | 'ownMemory'
    | 'threadFolder'
    | 'thread'
    | 'spareThread'
    | 'threadMemory'
  >;
  headers: Headers;
  usedKeys: World['usedKeys'];
}

/** A session with a client in it, one message and its reply. */
async function seedTalk(app: TestApp, staff: Headers, mark: string, personaId: string): Promise<Talk> {
  const call = caller(app, staff);
  const used: World['usedKeys'] = [];
  // Others repeat these requests word for word, so that no canary may stand in them.
  const keyed = async (as: Headers, kind: Kind, path: string, body: object) => {
    const key = `${mark}-${used.length}`;
    used.push({ key, kind, path, body });
    const made = await caller(app, as)('POST', path, body, { 'idempotency-key': key });
    await caller(app, as)('POST', path, body, { 'idempotency-key': key });
    return made;
  };
  const { id: client } = await call('POST', 'clients', clientBody(mark));
  const { id: goal } = await call('POST', `clients/${client}/goals`, goalBody(mark));
  await keyed(staff, 'client', 'clients', { name: 'Somebody' });
  const threads = await seedThreads(call, String(client), String(goal), mark);
  const { id: session, roomId: room } = await call('POST', 'sessions', {
    personaId,
    clientId: client,
    threadId: threads.thread,
    title: `Session ${mark}`,
  });
  const { id: note } = await call('POST', `sessions/${session}/notes`, { kind: 'shared', text: `Note ${mark}` });
  const { id: questionnaire } = await call('POST', `sessions/${session}/questionnaires`, { instrument: 'gad-7' });
  const { id: invitation, token } = await call('POST', `sessions/${session}/invitations`, { alias: `Alias ${mark}` });
  const { accessToken } = await call('POST', `invitations/${token}/accept`, {});
  const headers = { authorization: `Bearer ${accessToken}` };
  const { id: guidance } = await call('POST', `sessions/${session}/guidance`, { text: `Mind ${mark}` });
  await keyed(staff, 'session', `sessions/${session}/guidance`, { text: 'Be kind.' });
  const posted = (await caller(app, headers)('POST', `sessions/${session}/messages`, {
    text: `I say ${mark}. I feel worthless.`,
  })) as unknown as { message: { id: string }; replyId: string };
  await repliesOf(call, room as unknown as string, 1);
  await keyed(headers, 'session', `sessions/${session}/messages`, { text: 'And this. [play words-15@15]' });
  await repliesOf(call, room as unknown as string, 2);
  const memories = await seedMemories(call, String(client), mark, posted.message.id);
  const ofThread = `threads/${String(threads.thread)}/memories`;
  await call('PUT', `${ofThread}/${String(memories.memory)}`);
  const { id: threadMemory } = await call('POST', ofThread, { statement: `Goes on with ${mark}.` });
  // It is given one of them.
  const review = await seedReview(call, String(client), personaId, mark);
  const { escalationId: escalation } = await caller(app, headers)('POST', `sessions/${session}/person-request`);
  const { id: report } = await call('POST', 'reports', { sessionId: session });
  const { id: aiInsight } = await call('POST', 'insights/summary', { sessionId: session });
  await call('GET', `clients/${String(client)}/insights`);
  const said = { message: posted.message.id, reply: posted.replyId, ...memories, threadMemory };
  const about = { goal, note, questionnaire, report, aiInsight, ...threads };
  const ids = { client, session, room, ...said, ...about, guidance, review, invitation, escalation };
  return { ids: ids as unknown as Talk['ids'], headers, usedKeys: used };
}

/** What was asked and answered, and how long things are kept. */
async function seedPrivacy(
  app: TestApp,
  staff: Headers,
  mark: string,
  talk: Talk['ids'],
  team: { member: unknown; team: unknown },
  client: Headers,
) {
  const call = caller(app, staff);
  await call('PUT', `clients/${talk.client}/assignments`, { memberIds: [team.member], teamIds: [team.team] });
  await call('PUT', 'privacy/consents/research', { asked: true });
  await call('POST', 'privacy/consents/research/versions', { texts: [{ language: 'en', text: `Agree, ${mark}?` }] });
  await call('POST', `clients/${talk.client}/consents`, { purpose: 'research', given: true, note: `Folder ${mark}` });
  await call('PUT', 'privacy/retention/files', { days: 36_500, expected: 0 });
  await call('POST', 'privacy/retention/files/run', { expected: 0 });
  await call('PUT', 'privacy/record/profile', { controller: `House ${mark}`, contact: '', officer: '' });
  const { id: budget } = await call('PUT', 'budgets', {
    scope: 'user',
    subjectId: team.member,
    period: 'day',
    tokens: 1_000_000_000,
  });
  const { id: deidExport } = await call('POST', 'privacy/deid-exports', {
    form: 'anonymised',
    sessionIds: [talk.session],
  });
  const { id: hold } = await call('POST', 'privacy/holds', {
    subject: { kind: 'client', id: talk.client },
    reason: `Because of ${mark}`,
  });
  await caller(app, client)('POST', 'me/record/erasure-request');
  const { items } = (await call('GET', 'privacy/requests')) as unknown as { items: { id: string }[] };
  const { id: gone } = await call('POST', 'clients', { name: `Gone ${mark}` });
  const { id: erasure } = await call('POST', 'privacy/erasures', {
    subject: { kind: 'client', id: gone },
    confirm: `Gone ${mark}`,
  });
  for (let tries = 0; tries < 200; tries += 1) {
    const { status } = (await call('GET', `privacy/erasures/${erasure}`)) as unknown as { status: string };
    if (status === 'done') break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { budget, deidExport, hold, erasureRequest: items[0]?.id, erasure };
}
/** An organisation in which there is only its owner. */
export interface Begun {
  mark: string;
  orgId: string;
  userId: string;
  staff: Headers;
  /** A second sign-in of the owner's, and a passkey. */
  login: string;
  passkey: string;
}

export async function startWorld(app: TestApp, name: string): Promise<Begun> {
  const mark = newMark(name);
  const begun = await makeOrganisation(app, mark);
  return { mark, ...begun };
}

export const seedWorld = async (app: TestApp, name: string, upstreamUrl: string): Promise<World> =>
  finishWorld(app, await startWorld(app, name), upstreamUrl);

/** Seeds every entity through the product's own routes, so that whatever a route writes is there. */
export async function finishWorld(app: TestApp, begun: Begun, upstreamUrl: string): Promise<World> {
  const { mark, orgId, userId, staff, login, passkey } = begun;
  const call = caller(app, staff);
  const { id: provider } = await call('POST', 'providers', {
    kind: 'openai',
    label: `Provider ${mark}`,
    baseUrl: `${upstreamUrl}/v1`,
    apiKey: `sk-${mark}`,
    model: 'echo',
    embeddingModel: 'concepts',
  });
  await call('PUT', 'prices', { model: `model-${mark}`, input: 1, output: 2, cached: 0 });
  const material = await seedKnowledge(call, mark);
  await seedFile(app, staff, mark, userId);
  await embedded(app, orgId);
  const { results } = (await call('POST', `knowledge-bases/${material.knowledgeBase}/search`, {
    query: mark,
  })) as unknown as {
    results: { chunkId: string }[];
  };
  const { id: persona } = await call('POST', 'personas', {
    name: `Persona ${mark}`,
    role: `guide of ${mark}`,
    instructions: `Speak of ${mark}.`,
    knowledgeBaseId: material.knowledgeBase,
  });
  await call('POST', `personas/${persona}/publish`);
  await call('POST', `personas/${persona}/memories`, { statement: `Knows ${mark}.`, tags: [mark] });
  await call('PUT', 'memory-policy', memoryPolicy);
  const { id: budget } = await call('PUT', 'budgets', {
    scope: 'user',
    subjectId: userId,
    period: 'day',
    tokens: 1e12,
  });
  await seedRules(call, mark);
  const talkMark = `${mark}one`;
  const talk = await seedTalk(app, staff, talkMark, persona as unknown as string);
  const { id: identityProvider } = await call('POST', 'identity-providers', {
    label: `Accounts ${mark}`,
    issuer: `https://${mark}.example`,
    clientId: `client-${mark}`,
    clientSecret: `secret-${mark}`,
  });
  // A letter to the owner, which nobody of another organisation may read.
  await call('POST', 'auth/sign-in/magic-link', { email: `${mark}@house.example` });
  const { id: grant } = await call('POST', 'break-glass', {
    clientId: talk.ids.client,
    reason: `Whoever looks after ${mark} is ill.`,
  });
  await call('POST', 'audit/checkpoints');
  const other = await seedTalk(app, staff, `${mark}two`, persona as unknown as string);
  const team = await seedTeam(app, staff, mark);
  await call('PUT', 'deputy', { userId: team.ids.member });
  const privacy = await seedPrivacy(app, staff, mark, talk.ids, team.ids, talk.headers);
  await seedRows(app, orgId, userId, talk.ids.client);
  const shared = {
    ...team.ids,
    ...privacy,
    organisation: orgId,
    user: userId,
    identityProvider,
    login,
    passkey,
    provider,
    budget,
    grant,
    ...material,
    chunk: results[0]?.chunkId,
    persona,
  };
  // The hours of replies are summed when they have passed.
  await app.db.in(orgId).exec(
    `insert into usage_hour (org_id, hour, persona_id, user_id, replies, tokens, cost_micro_usd)
     values ($1, now() - interval '2 hours', $2, $3, 1, 7, 7)`,
    [orgId, persona, userId],
  );
  await call('GET', 'usage');
  // What was recorded up to the checkpoint is old enough to go; a stub stays for it.
  await app.db.in(orgId).tx((tx) => app.audit.trim(tx, orgId, new Date(Date.now() + 60_000).toISOString()));
  await remembered(app, orgId);
  const idsOf = (own: Talk['ids']) => ({ ...shared, ...own }) as unknown as Record<Kind, string>;
  return {
    mark,
    talkMark,
    ids: idsOf(talk.ids),
    staff,
    apiKey: team.headers,
    client: talk.headers,
    neighbour: { headers: other.headers, ids: idsOf(other.ids) },
    usedKeys: talk.usedKeys,
  };
}
