import type {
  ConsentAnswers,
  ConsentQuestion,
  ConsentRecord,
  ConsentRecordCreate,
  ConsentSetting,
  ConsentState,
  ConsentTextPublish,
  ConsentTextVersion,
  Purpose,
} from '@rapport/protocol/consents';
import { purposes } from '@rapport/protocol/purposes';
import type { Page } from '@rapport/protocol/common';
import type { z } from 'zod';
import { asEventActor, requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { createBriefCache } from '../../platform/briefCache.ts';
import { systemClock } from '../../platform/clock.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database, Db, Tx } from '../../platform/db/db.ts';
import { AppError } from '../../platform/errors.ts';
import { draft, type EventDraft } from '../../platform/events/store.ts';
import { newId } from '../../platform/ids.ts';
import * as store from './consents.store.ts';
import type { NewRecord } from './consents.store.ts';
import type { Subject } from './schema.ts';
import { houseWordings, pickWording, type Wording } from './wordings.ts';

export type ConsentService = ReturnType<typeof createConsentService>;

/** What consents need of the sessions and clients they are about; both come later in the order of slices. */
export interface ConsentPlaces {
  /** Whom a session is about. Throws `not-found` for a session this actor may not know of. */
  subjectOf(actor: Actor, sessionId: string): Promise<Subject>;
  /** Throws `not-found` for a client this actor may not know of. */
  requireClient(actor: Actor, clientId: string): Promise<unknown>;
  /** The sessions with this person that have not ended; nobody begins a reply in them until the commit. */
  lockOpen(tx: Tx, orgId: string, subject: Subject): Promise<{ id: string; roomId: string }[]>;
  append(tx: Tx, orgId: string, roomId: string, events: EventDraft[]): Promise<unknown>;
  /** Ends the reply that is being made, on whichever server. */
  stopReply(orgId: string, sessionId: string): Promise<void>;
  /** Answers what was left unanswered. */
  answerPending(orgId: string, sessionId: string): Promise<unknown>;
}

/** What an organisation asks for, to look up in a transaction what of it a person has agreed to. */
export interface ConsentGate {
  /** Which of `wanted` are asked for and not agreed to; none where there is nobody to ask. */
  missing(db: Db, subject: Subject | null, wanted: readonly Purpose[]): Promise<Purpose[]>;
  /** Which of these clients have not agreed to all of `wanted` that is asked for. */
  unwilling(db: Db, clientIds: string[], wanted: readonly Purpose[]): Promise<string[]>;
}

const sentences: Record<Purpose, string> = {
  recording: 'To write here, agree first that what you write is stored.',
  'ai-processing': 'The AI persona answers only once the person has agreed that an AI model processes what they write.',
  memory: 'The person has not agreed that the persona remembers.',
  emotion: 'The person has not agreed that a model guesses how they seem to feel.',
  research: 'The person has not agreed to research.',
  sharing: 'The person has not agreed that their conversations are given to others.',
};

/** Throws `consent-needed`, naming what is missing. */
export function requireConsent(missing: readonly Purpose[], purpose: Purpose): void {
  if (missing.includes(purpose)) throw new AppError('consent-needed', { detail: sentences[purpose] });
}

export function createConsentService(parts: { db: Database; audit: Audit; onError(error: Error): void }) {
  const { db, audit } = parts;
  let places: ConsentPlaces | undefined;
  const need = (): ConsentPlaces => {
    if (!places) throw new Error('consents.attach was not called');
    return places;
  };
  // Every turn asks what is asked for; switching a purpose on holds within a second on the other servers. What a person
  // answered is never kept: their no holds at once.
  const settings = createBriefCache<store.SettingRow[]>(systemClock, { ttlMs: 900, max: 1000 });

  const gate = async (orgId: string): Promise<ConsentGate> => {
    const rows = (await settings.get(orgId, () => store.listSettings(db.in(orgId), orgId))) ?? [];
    const asked = new Set(rows.filter((row) => row.asked).map((row) => row.purpose));
    const askedOf = (wanted: readonly Purpose[]) => wanted.filter((purpose) => asked.has(purpose));
    return {
      async missing(within, subject, wanted) {
        const relevant = askedOf(wanted);
        return subject === null || relevant.length === 0 ? [] : store.missingOf(within, orgId, subject, relevant);
      },
      async unwilling(within, clientIds, wanted) {
        const relevant = askedOf(wanted);
        if (clientIds.length === 0 || relevant.length === 0) return [];
        return store.clientsMissing(within, orgId, clientIds, relevant);
      },
    };
  };

  return {
    attach(next: ConsentPlaces) {
      places = next;
    },

    /** Ask for it before a transaction begins: it may need a connection of its own. */
    gate,

    /** For a feature outside a conversation. Throws `consent-needed`. */
    async require(orgId: string, subject: Subject, purpose: Purpose): Promise<void> {
      requireConsent(await (await gate(orgId)).missing(db.in(orgId), subject, [purpose]), purpose);
    },

    /** Whether they said yes themselves, also to what nobody is asked for: for what silence does not allow. */
    async hasGiven(within: Db, orgId: string, subject: Subject, purpose: Purpose): Promise<boolean> {
      return (await store.statesOf(within, orgId, subject)).some(
        (one) => one.purpose === purpose && one.given === true,
      );
    },

    ...createWordings(db, audit, () => settings.clear()),
    ...createAnswers(parts, need),
  };
}

function createWordings(db: Database, audit: Audit, forget: () => void) {
  const list = async (orgId: string): Promise<ConsentSetting[]> => {
    const [rows, texts] = await Promise.all([
      store.listSettings(db.in(orgId), orgId),
      store.listTexts(db.in(orgId), orgId, null, true),
    ]);
    return purposes.map((purpose) => {
      const setting = rows.find((row) => row.purpose === purpose);
      const own = texts.filter((text) => text.purpose === purpose);
      return {
        purpose,
        asked: setting?.asked ?? false,
        validFrom: setting?.validFrom ?? 0,
        version: own[0]?.version ?? 0,
        texts: (own.length ? own : houseWordings[purpose]).map(({ language, text }) => ({ language, text })),
      };
    });
  };

  return {
    /** Every purpose with the text that is asked now. */
    settings(actor: Actor): Promise<ConsentSetting[]> {
      requireStaff(actor);
      return list(actor.orgId);
    },

    async setAsked(actor: Actor, purpose: Purpose, asked: boolean): Promise<ConsentSetting[]> {
      requireStaff(actor);
      await audit.acting(actor, 'consent.asked-changed', {}, (tx) =>
        store.putAsked(tx, actor.orgId, purpose, asked, actor.userId),
      );
      forget();
      return list(actor.orgId);
    },

    /** A new version in all its languages. With `askAgain` a yes to an earlier one counts no longer. */
    async publish(
      actor: Actor,
      purpose: Purpose,
      body: z.output<typeof ConsentTextPublish>,
    ): Promise<ConsentSetting[]> {
      requireStaff(actor);
      const { orgId, userId } = actor;
      await audit.acting(actor, 'consent.asked-changed', {}, async (tx) => {
        await store.lockTexts(tx, orgId);
        const version = (await store.newestVersion(tx, orgId, purpose)) + 1;
        for (const text of body.texts)
          await store.insertText(tx, orgId, { ...text, purpose, version, createdBy: userId });
        if (body.askAgain) await store.putValidFrom(tx, orgId, purpose, version, userId);
      });
      forget();
      return list(orgId);
    },

    /** Every version there was, the newest first; the last is the text that comes with Rapport. */
    async versions(actor: Actor, purpose: Purpose): Promise<ConsentTextVersion[]> {
      requireStaff(actor);
      const rows = await store.listTexts(db.in(actor.orgId), actor.orgId, purpose, false);
      const found = new Map<number, ConsentTextVersion>();
      for (const { version, language, text, createdAt } of rows) {
        const one = found.get(version) ?? { purpose, version, texts: [], createdAt };
        one.texts.push({ language, text });
        found.set(version, one);
      }
      return [...found.values(), { purpose, version: 0, texts: houseWordings[purpose], createdAt: null }];
    },

    /** What is asked now, for the pages of clients. */
    asked: async (orgId: string): Promise<{ purpose: Purpose; version: number; texts: Wording[] }[]> =>
      (await list(orgId)).filter((setting) => setting.asked),
  };
}

/** A client who leaves an answer as it was says nothing new; what is on a paper is written down however often. */
async function newOf(tx: Tx, orgId: string, subject: Subject, said: NewRecord[]): Promise<NewRecord[]> {
  const known = await store.newestAnswers(tx, orgId, subject);
  const isKnown = (one: NewRecord) =>
    known.some((k) => k.purpose === one.purpose && k.given === one.given && k.version === one.version);
  return said.filter((one) => one.method !== 'chat' || !isKnown(one));
}

function createAnswers(
  { db, audit, onError }: Parameters<typeof createConsentService>[0],
  places: () => ConsentPlaces,
) {
  const wordings = createWordings(db, audit, () => {});

  /** Stores what was said, tells the rooms of this person, and stops what is under way without a yes. */
  const record = async (actor: Actor, subject: Subject, said: NewRecord[]): Promise<void> => {
    const { orgId } = actor;
    await db.in(orgId).tx(async (tx) => {
      const rooms = await places().lockOpen(tx, orgId, subject);
      const records = await newOf(tx, orgId, subject, said);
      const before = new Map((await store.statesOf(tx, orgId, subject)).map((s) => [s.purpose, s.given]));
      for (const one of records) {
        if (one.version > (await store.newestVersion(tx, orgId, one.purpose)))
          throw new AppError('invalid-body', {
            errors: [{ pointer: '/version', message: 'There is no such version of the text.' }],
          });
        await store.insertRecord(tx, orgId, subject, one);
        const act = one.given ? 'consent.given' : 'consent.withdrawn';
        audit.record(tx, actor, act, { [subject.kind]: subject.id, consent: one.id });
      }
      const changed = records.filter((one) => before.get(one.purpose) !== one.given);
      const events = changed.map(({ purpose, given }) =>
        draft('consent.changed', 'all', asEventActor(actor), { purpose, given }),
      );
      if (changed.some(({ purpose, given }) => purpose === 'emotion' && !given))
        await store.deleteGuesses(tx, orgId, subject);
      if (events.length) for (const room of rooms) await places().append(tx, orgId, room.roomId, events);
      const processing = changed.find((one) => one.purpose === 'ai-processing');
      const recording = changed.find((one) => one.purpose === 'recording');
      // A reply that runs was given what the person does not want remembered.
      const memory = changed.find((one) => one.purpose === 'memory');
      tx.afterCommit(() => {
        for (const { id } of rooms) {
          if ([processing, recording, memory].some((one) => one?.given === false))
            places().stopReply(orgId, id).catch(onError);
          else if (processing?.given) places().answerPending(orgId, id).catch(onError);
        }
      });
    });
  };

  return {
    /** What the person of a session is asked, in their language. Throws `not-found`. */
    async questions(actor: Actor, sessionId: string, wanted: string): Promise<ConsentQuestion[]> {
      const subject = await places().subjectOf(actor, sessionId);
      const asked = await wordings.asked(actor.orgId);
      if (asked.length === 0) return [];
      const states = await store.statesOf(db.in(actor.orgId), actor.orgId, subject);
      return asked.map(({ purpose, version, texts }) => ({
        purpose,
        version,
        ...pickWording(texts, wanted),
        given: states.find((state) => state.purpose === purpose)?.given ?? null,
      }));
    },

    /** The client's own answers; a no holds at once. Throws `not-found`, also for staff, and `invalid-body`. */
    async answer(actor: Actor, sessionId: string, { answers }: z.output<typeof ConsentAnswers>): Promise<void> {
      const subject = await places().subjectOf(actor, sessionId);
      if (actor.kind !== 'client')
        throw new AppError('forbidden', {
          detail: 'The client answers for themselves; write down what was signed on the client’s page.',
        });
      const common = { method: 'chat' as const, recordedBy: null, note: '', saidAt: new Date().toISOString() };
      await record(
        actor,
        subject,
        answers.map((answer) => ({ ...answer, ...common, id: newId() })),
      );
    },

    /** What staff write down for a client. Throws `not-found`, `invalid-body`. */
    async write(actor: Actor, clientId: string, body: z.output<typeof ConsentRecordCreate>): Promise<ConsentState[]> {
      requireStaff(actor);
      await places().requireClient(actor, clientId);
      const { purpose, given, method, language, note } = body;
      const version = body.version ?? (await store.newestVersion(db.in(actor.orgId), actor.orgId, purpose));
      const saidAt = body.saidAt ?? new Date().toISOString();
      await record(actor, { kind: 'client', id: clientId }, [
        { id: newId(), purpose, given, version, language, method, note, saidAt, recordedBy: actor.userId },
      ]);
      return store.statesOf(db.in(actor.orgId), actor.orgId, { kind: 'client', id: clientId });
    },

    /** Throws `not-found`. */
    async states(actor: Actor, clientId: string): Promise<ConsentState[]> {
      requireStaff(actor);
      await places().requireClient(actor, clientId);
      return store.statesOf(db.in(actor.orgId), actor.orgId, { kind: 'client', id: clientId });
    },

    /** Everything a client ever said, newest first. Throws `not-found`. */
    async records(
      actor: Actor,
      clientId: string,
      page: Page,
    ): Promise<{ items: ConsentRecord[]; next: string | null }> {
      requireStaff(actor);
      await places().requireClient(actor, clientId);
      const [before = null] = decodeCursor(page.cursor, 1) ?? [];
      const rows = await store.listRecords(
        db.in(actor.orgId),
        actor.orgId,
        { kind: 'client', id: clientId },
        before,
        page.limit + 1,
      );
      return toPage(
        rows,
        page.limit,
        (row) => row,
        (row) => encodeCursor(row.id),
      );
    },
  };
}
