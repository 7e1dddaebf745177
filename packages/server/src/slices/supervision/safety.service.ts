import {
  noticeKinds,
  type NoticeKind,
  type Safety,
  type SafetySettings,
  type SafetyWording,
} from '@rapport/protocol/safety';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { createBriefCache } from '../../platform/briefCache.ts';
import { systemClock } from '../../platform/clock.ts';
import type { Database, Db } from '../../platform/db/db.ts';
import { draft, type EventDraft } from '../../platform/events/store.ts';
import { newId } from '../../platform/ids.ts';
import { asksWhoAnswers, assess, type Assessment } from './risk/assess.ts';
import { loadRules } from './risk/rules.ts';
import { houseTexts } from './risk/texts.ts';
import * as store from './safety.store.ts';

export type SafetyService = ReturnType<typeof createSafetyService>;

const fresh: SafetySettings = {
  ackSeconds: 300,
  pageSeconds: 120,
  maxPages: 5,
  fallbackEmail: null,
  disclosureMinutes: 180,
  language: 'en',
  secondOpinion: false,
};

const system = { kind: 'system', id: null, name: null } as const;

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
export function createSafetyService({ db, audit }: { db: Database; audit: Audit }) {
  const rules = loadRules();
  const settings = createBriefCache<SafetySettings>(systemClock, { ttlMs: 900, max: 1000 });
  const of = async (orgId: string): Promise<SafetySettings> =>
    (await settings.get(orgId, async () => (await store.findSettings(db.in(orgId), orgId)) ?? fresh)) ?? fresh;

  const get = async (actor: Actor): Promise<Safety> => {
    requireStaff(actor);
    const { orgId } = actor;
    const [own, rows] = await Promise.all([
      store.findSettings(db.in(orgId), orgId),
      store.listTexts(db.in(orgId), orgId, null),
    ]);
    return {
      settings: own ?? fresh,
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
    within: async (tx: Db, orgId: string): Promise<SafetySettings> => (await store.findSettings(tx, orgId)) ?? fresh,

    /** For other services: what holds now, at most a second old. */
    of,

    /** What a client wrote. Touches nothing but the processor. */
    judge: (text: string): Assessment => assess(text, rules),

    /** What a persona wrote, or is about to be released of it. */
    reviewReply: (text: string): Assessment => assess(text, rules, { speaker: 'persona' }),

    asksWhoAnswers: (text: string): boolean => asksWhoAnswers(text, rules),

    /** A text of the house as an event for the client, in the first of the languages it is there in. */
    async notice(
      within: Db,
      orgId: string,
      kind: NoticeKind,
      languages: readonly (string | null | undefined)[],
    ): Promise<EventDraft<'notice.shown'>> {
      const rows = await store.listTexts(within, orgId, kind);
      const { text, language } = choose(rows.length ? rows : houseTexts[kind], languages);
      const data = { noticeId: newId(), kind, language, version: rows[0]?.version ?? 0, text };
      return draft('notice.shown', 'all', system, data);
    },

    get,

    async put(actor: Actor, next: SafetySettings): Promise<Safety> {
      requireStaff(actor);
      await audit.acting(actor, 'safety.changed', {}, (tx) => store.putSettings(tx, actor.orgId, next, actor.userId));
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
