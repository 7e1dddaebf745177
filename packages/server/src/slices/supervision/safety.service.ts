import {
  noticeKinds,
  type NoticeKind,
  type Safety,
  type SafetySettings,
  type SafetyWording,
} from '@rapport/protocol/safety';
import { asEventActor, requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { createBriefCache } from '../../platform/briefCache.ts';
import { systemClock } from '../../platform/clock.ts';
import type { Database, Db } from '../../platform/db/db.ts';
import { draft, type AppendEvents, type EventDraft } from '../../platform/events/store.ts';
import { newId } from '../../platform/ids.ts';
import { asksWhoAnswers, assess, type Assessment } from './risk/assess.ts';
import { loadRules } from './risk/rules.ts';
import { emotionTexts, houseTexts } from './risk/texts.ts';
import type { PackService } from './packs.service.ts';
import * as store from './safety.store.ts';

export type SafetyService = ReturnType<typeof createSafetyService>;

/** What holds until an organisation sets something else. */
export const freshSafety: SafetySettings = {
  ackSeconds: 300,
  pageSeconds: 120,
  maxPages: 5,
  fallbackEmail: null,
  disclosureMinutes: 180,
  language: 'en',
  secondOpinion: false,
  emotionInference: false,
};

const system = { kind: 'system', id: null, name: null } as const;

/** With these a client is told that an AI answers. */
const disclosing: ReadonlySet<NoticeKind> = new Set(['disclosure', 'reminder']);

/** Of texts in several languages the one that is wanted most; there is always one. */
function choose(texts: readonly SafetyWording[], wanted: readonly (string | null | undefined)[]): SafetyWording {
  for (const language of [...wanted, 'en']) {
    const short = language?.slice(0, 2);
    const found =
      texts.find((one) => one.language === language) ?? texts.find((one) => one.language.slice(0, 2) === short);
    if (language && found) return found;
  }
  return texts[0] as SafetyWording;
}

/** What is judged by rules, the texts that people wrote for it, and what an organisation sets about them. */
export function createSafetyService(parts: { db: Database; audit: Audit; packs: PackService; append: AppendEvents }) {
  const { db, audit, packs, append } = parts;
  const rules = loadRules();
  const settings = createBriefCache<SafetySettings>(systemClock, { ttlMs: 900, max: 1000 });
  packs.onChanged(() => settings.clear());

  /** As the organisation set it, tightened by its packs. */
  const within = async (tx: Db, orgId: string): Promise<SafetySettings> => {
    const [own = freshSafety, { remindMinutes, emotionInference }] = await Promise.all([
      store.findSettings(tx, orgId),
      packs.inForce(orgId, tx),
    ]);
    const { disclosureMinutes, secondOpinion } = own;
    return {
      ...own,
      disclosureMinutes:
        remindMinutes === null ? disclosureMinutes : Math.min(remindMinutes, disclosureMinutes ?? remindMinutes),
      secondOpinion: secondOpinion && emotionInference,
      emotionInference: own.emotionInference && emotionInference,
    };
  };
  const of = async (orgId: string): Promise<SafetySettings> =>
    (await settings.get(orgId, () => within(db.in(orgId), orgId))) ?? freshSafety;

  const get = async (actor: Actor): Promise<Safety> => {
    requireStaff(actor);
    const { orgId } = actor;
    const [inForce, rows] = await Promise.all([
      within(db.in(orgId), orgId),
      store.listTexts(db.in(orgId), orgId, null),
    ]);
    return {
      settings: inForce,
      texts: noticeKinds.map((kind) => {
        const texts = rows.filter((row) => row.kind === kind);
        return {
          kind,
          version: texts[0]?.version ?? 0,
          texts: (texts.length ? texts : houseTexts[kind]).map(({ language, text }) => ({ language, text })),
        };
      }),
      rules: rules.map(({ language, version }) => ({ language, version })),
    };
  };

  return {
    /** As `of`, but asked anew in the caller's transaction, which takes no second connection. */
    within,

    /** For other services: what holds now, at most a second old. */
    of,

    /** What a client wrote. Touches nothing but the processor. */
    judge: (text: string): Assessment => assess(text, rules),

    /** What a persona wrote, or is about to be released of it. */
    reviewReply: (text: string): Assessment => assess(text, rules, { speaker: 'persona' }),

    /** With which text a client is told again that an AI answers. */
    reminder: async (tx: Db, orgId: string): Promise<'disclosure' | 'reminder'> =>
      (await packs.inForce(orgId, tx)).takeBreak ? 'reminder' : 'disclosure',

    asksWhoAnswers: (text: string): boolean => asksWhoAnswers(text, rules),

    /** A text of the house as an event for the client, in the first of the languages it is there in. */
    async notice(
      tx: Db,
      orgId: string,
      kind: NoticeKind,
      languages: readonly (string | null | undefined)[],
    ): Promise<EventDraft<'notice.shown'>> {
      const rows = await store.listTexts(tx, orgId, kind);
      const { text, language } = choose(rows.length ? rows : houseTexts[kind], languages);
      const guesses = disclosing.has(kind) && (await within(tx, orgId)).emotionInference;
      const whole = guesses ? `${text}\n\n${choose(emotionTexts, [language]).text}` : text;
      const data = { noticeId: newId(), kind, language, version: rows[0]?.version ?? 0, text: whole };
      return draft('notice.shown', 'all', system, data);
    },

    get,

    /** Throws `pack-forbids`. */
    async put(actor: Actor, next: SafetySettings): Promise<Safety> {
      requireStaff(actor);
      await packs.requireReminder(actor.orgId, next.disclosureMinutes);
      if (next.secondOpinion || next.emotionInference) await packs.requireEmotionInference(actor.orgId);
      const { orgId } = actor;
      await audit.acting(actor, 'safety.changed', {}, async (tx) => {
        await store.putSettings(tx, orgId, next, actor.userId);
        await append(tx, orgId, orgId, [draft('safety.changed', 'staff', asEventActor(actor), {})]);
      });
      settings.clear();
      return get(actor);
    },

    /** A new version of a text, in all its languages; what was shown before stays as it was shown. */
    async publish(actor: Actor, kind: NoticeKind, texts: SafetyWording[]): Promise<Safety> {
      requireStaff(actor);
      await audit.acting(actor, 'safety.changed', {}, async (tx) => {
        await store.lockTexts(tx, actor.orgId);
        await store.insertTexts(tx, actor.orgId, kind, texts, actor.userId);
      });
      return get(actor);
    },
  };
}
