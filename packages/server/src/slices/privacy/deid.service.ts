import { createHmac, randomInt } from 'node:crypto';
import {
  deidMostSessions,
  type DeidCreate,
  type DeidDecision,
  type DeidExport,
  type DeidItem,
} from '@rapport/protocol/deid';
import type { Page } from '@rapport/protocol/common';
import type { Author } from '@rapport/protocol/sessions';
import type { z } from 'zod';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { ConsentService } from './consents.service.ts';
import { joined, type DeidCategory } from './deid/spans.ts';
import * as store from './deid.store.ts';
import type { DeidBody } from './deid.store.ts';
import type { Subject } from './schema.ts';

const mostMessages = 2000;
const dayMs = 86_400_000;

/** A conversation as an export needs it; the slice that has it hands it in. */
export interface DeidConversation {
  sessionId: string;
  roomId: string;
  subject: Subject | null;
  startedAt: string;
  /** Of the client, also as they call themselves, and of the team. */
  names: string[];
  about: string[];
  messages: { author: Author; text: string; at: string }[];
}

export interface DeidSource {
  /** Throws `not-found`. */
  read(orgId: string, sessionId: string): Promise<DeidConversation>;
  /** Ids of the newest sessions that are wanted. */
  pick(orgId: string, wanted: NonNullable<z.output<typeof DeidCreate>['pick']>, limit: number): Promise<string[]>;
  /** Whom a session is about. */
  subjectOf(orgId: string, sessionId: string): Promise<Subject | null>;
}

export type DeidService = ReturnType<typeof createDeidService>;
type Label = (category: DeidCategory, original: string) => string;

/** Numbers within one conversation: nothing links two. */
function numbers(): Label {
  const known = new Map<string, string>();
  const counts = new Map<DeidCategory, number>();
  return (category, original) => {
    const key = `${category}/${original.toLowerCase()}`;
    const next = (counts.get(category) ?? 0) + 1;
    const label = known.get(key) ?? `[${category.toUpperCase()} ${next}]`;
    if (!known.has(key)) counts.set(category, next);
    known.set(key, label);
    return label;
  };
}

const code = (secret: Buffer, what: string): string =>
  createHmac('sha256', secret).update(what.toLowerCase()).digest('hex').slice(0, 8);

/** The same for the same person in every export of the organisation; only its key can tell whom it stands for. */
const pseudonyms =
  (secret: Buffer): Label =>
  (category, original) =>
    `[${category.toUpperCase()} ${code(secret, `${category}/${original}`)}]`;

function shuffled<T>(list: T[]): T[] {
  const left = [...list];
  return list.map(() => left.splice(randomInt(left.length), 1)[0] as T);
}

async function toBody(
  conversation: DeidConversation,
  form: DeidExport['form'],
  terms: string[],
  secret: Buffer,
): Promise<DeidBody> {
  const { messages, names, about, startedAt, sessionId, subject } = conversation;
  const linked = form === 'pseudonymised';
  // Its knowledge of English takes 50 MB, which a server that prepares no export does without.
  const { deidentify } = await import('./deid/deidentify.ts');
  const pieces = await deidentify(
    messages.map((message) => message.text),
    { names: [...names, ...terms], about },
    { label: linked ? pseudonyms(secret) : numbers(), today: new Date() },
  );
  const day = (at: string) => Math.floor((Date.parse(at) - Date.parse(startedAt)) / dayMs) + 1;
  return {
    name: linked ? code(secret, sessionId) : null,
    client: linked && subject ? code(secret, subject.id) : null,
    year: new Date(startedAt).getUTCFullYear(),
    messages: messages.map(({ author, at }, i) => ({
      author,
      day: linked ? day(at) : null,
      pieces: pieces[i] ?? [],
    })),
  };
}

/** What leaves: nothing of what stood there before. */
const strip = (body: DeidBody): DeidBody => ({
  ...body,
  messages: body.messages.map((message) => ({ ...message, pieces: [{ text: joined(message.pieces) }] })),
});

/** De-identified copies of conversations: prepared by one person, read and signed off by another, then downloaded. */
export function createDeidService(parts: { db: Database; audit: Audit; consents: ConsentService }) {
  const { db, audit, consents } = parts;
  let source: DeidSource | undefined;
  const need = (): DeidSource => {
    if (!source) throw new Error('deid.attach was not called');
    return source;
  };

  const find = async (actor: Actor, id: string): Promise<DeidExport> => {
    const found = await store.findExport(db.in(actor.orgId), actor.orgId, id);
    if (!found) throw notFound();
    return found;
  };

  const agreed = async (orgId: string, subject: Subject | null, purpose: DeidExport['purpose']): Promise<boolean> =>
    (await (await consents.gate(orgId)).missing(db.in(orgId), subject, [purpose])).length === 0;

  const gather = async (orgId: string, ids: string[], purpose: DeidExport['purpose']): Promise<DeidConversation[]> => {
    const found: DeidConversation[] = [];
    let messages = 0;
    for (const id of ids) {
      const conversation = await need().read(orgId, id);
      if (!(await agreed(orgId, conversation.subject, purpose))) continue;
      messages += conversation.messages.length;
      if (messages > mostMessages)
        throw new AppError('invalid-body', {
          detail: `An export holds at most ${mostMessages} messages. Choose fewer sessions.`,
          errors: [{ pointer: '/sessionIds', message: 'Choose fewer sessions.' }],
        });
      found.push(conversation);
    }
    return found;
  };

  return {
    attach(next: DeidSource) {
      source = next;
    },

    /** Throws `not-found` for a session, `invalid-body` for too much, `consent-needed` where nobody has agreed. */
    async create(actor: Actor, body: z.output<typeof DeidCreate>): Promise<DeidExport> {
      requireStaff(actor);
      const { orgId, userId, name } = actor;
      const ids = [...new Set(body.sessionIds ?? (await need().pick(orgId, body.pick ?? {}, deidMostSessions)))];
      if (ids.length === 0) throw new AppError('invalid-body', { detail: 'There is no session of this kind.' });
      const found = await gather(orgId, ids, body.purpose);
      if (found.length === 0)
        throw new AppError('consent-needed', { detail: 'Nobody in these sessions has agreed to this purpose.' });
      const secret = await db.in(orgId).codec.hash(orgId, 'pseudonyms', '');
      const bodies: { conversation: DeidConversation; body: DeidBody }[] = [];
      for (const conversation of shuffled(found))
        bodies.push({ conversation, body: await toBody(conversation, body.form, body.terms, secret) });
      const id = newId();
      const leftOut = ids.length - found.length;
      const sessions = bodies.map(({ conversation }) => conversation.sessionId);
      await audit.acting(actor, 'deid.prepared', { file: id, session: sessions }, async (tx) => {
        const { form, purpose } = body;
        await store.insertExport(tx, orgId, { id, form, purpose, leftOut, createdBy: { id: userId, name } });
        for (const [i, one] of bodies.entries()) {
          const { sessionId, roomId } = one.conversation;
          await store.insertItem(tx, orgId, { exportId: id, ordinal: i + 1, sessionId, roomId, body: one.body });
        }
      });
      return find(actor, id);
    },

    /** Newest first. */
    async list(actor: Actor, page: Page): Promise<{ items: DeidExport[]; next: string | null }> {
      requireStaff(actor);
      const [before = null] = decodeCursor(page.cursor, 1) ?? [];
      const rows = await store.listExports(db.in(actor.orgId), actor.orgId, before, page.limit + 1);
      return toPage(
        rows,
        page.limit,
        (row) => row,
        (row) => encodeCursor(row.id),
      );
    },

    /** What was replaced, for the reviewer; after the decision only what is left. Throws `not-found`. */
    async items(actor: Actor, id: string, page: Page): Promise<{ items: DeidItem[]; next: string | null }> {
      requireStaff(actor);
      await find(actor, id);
      const [after = '0'] = decodeCursor(page.cursor, 1) ?? [];
      const rows = await store.listItems(db.in(actor.orgId), actor.orgId, id, Number(after), page.limit + 1);
      return toPage(
        rows,
        page.limit,
        ({ ordinal, body }) => ({ ordinal, messages: body.messages }),
        (row) => encodeCursor(String(row.ordinal)),
      );
    },

    /**
     * Signs off or rejects. What stood in the place of the replacements is forgotten either way. Throws `not-found`,
     * `forbidden` for whoever prepared it, `wrong-state` when it was decided on.
     */
    async decide(actor: Actor, id: string, { approved, remark }: z.output<typeof DeidDecision>): Promise<DeidExport> {
      requireStaff(actor);
      const { orgId, userId, name } = actor;
      const found = await find(actor, id);
      if (found.createdBy.id === userId)
        throw new AppError('forbidden', { detail: 'Somebody else than who prepared the export has to read it.' });
      await audit.acting(actor, 'deid.reviewed', { file: id }, async (tx) => {
        const status = approved ? 'approved' : 'rejected';
        if ((await store.decide(tx, orgId, id, { status, remark, by: { id: userId, name } })) === 0)
          throw new AppError('wrong-state', { detail: 'This export was decided on already.' });
        if (!approved) return void (await store.deleteItems(tx, orgId, id));
        for (const item of await store.listItems(tx, orgId, id, 0, deidMostSessions))
          await store.replaceBody(tx, orgId, id, { ...item, body: strip(item.body) });
      });
      return find(actor, id);
    },

    /** The approved export, without those who have withdrawn since. Throws `not-found`, `wrong-state` before the sign-off. */
    async download(actor: Actor, id: string): Promise<{ name: string; body: string }> {
      requireStaff(actor);
      const found = await find(actor, id);
      if (found.status !== 'approved')
        throw new AppError('wrong-state', { detail: 'A second person has to read and sign off this export first.' });
      const sessions: object[] = [];
      for (const item of await store.listItems(db.in(actor.orgId), actor.orgId, id, 0, deidMostSessions)) {
        const subject = await need().subjectOf(actor.orgId, item.sessionId);
        if (!(await agreed(actor.orgId, subject, found.purpose))) continue;
        const { name, client, year, messages } = item.body;
        sessions.push({
          session: name ?? String(item.ordinal),
          ...(client === null ? {} : { client }),
          year,
          messages: messages.map(({ author, day, pieces }) => ({
            author,
            ...(day === null ? {} : { day }),
            text: joined(pieces),
          })),
        });
      }
      await audit.note(actor, 'deid.downloaded', { file: id });
      const { form, purpose } = found;
      const file = { format: 'rapport-deidentified', version: 1, form, purpose, sessions };
      return { name: `${form}-${id.slice(-6)}.json`, body: JSON.stringify(file, null, 2) };
    },

    /** Throws `not-found`. */
    async remove(actor: Actor, id: string): Promise<void> {
      requireStaff(actor);
      if ((await store.deleteExport(db.in(actor.orgId), actor.orgId, id)) === 0) throw notFound();
    },
  };
}
