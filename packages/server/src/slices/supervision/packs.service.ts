import type { Packs, PacksInForce } from '@rapport/protocol/packs';
import { strictest, type Rung } from '@rapport/protocol/supervision';
import { asEventActor, requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database, Db, Tx } from '../../platform/db/db.ts';
import { AppError } from '../../platform/errors.ts';
import { draft, type AppendEvents } from '../../platform/events/store.ts';
import { newId } from '../../platform/ids.ts';
import { isNewer, loadPacks, together } from './packs.files.ts';
import * as store from './packs.store.ts';

export type PackService = ReturnType<typeof createPackService>;

const changesShown = 20;
const rungNames: Record<Rung, string> = {
  auto: 'auto',
  delayed: 'delayed',
  approve: 'approve',
  'draft-only': 'draft only',
  takeover: 'takeover',
  off: 'off',
};

const named = ({ id, version }: store.ChosenPack) => ({ id, version });

/** Jurisdiction packs: what laws ask for, chosen by an organisation and enforced wherever a setting is read. */
export function createPackService(parts: { db: Database; audit: Audit; append: AppendEvents }) {
  const { db, audit, append } = parts;
  const known = loadPacks();
  const listeners: ((orgId: string) => void)[] = [];

  const ofFile = (id: string): store.ChosenPack => {
    const pack = known.get(id);
    if (!pack)
      throw new AppError('invalid-body', { errors: [{ pointer: '/packs', message: `There is no pack ${id}.` }] });
    const { version, title, rules } = pack;
    return { id, version, title, rules };
  };

  const inForce = async (orgId: string, within: Db = db.in(orgId)): Promise<PacksInForce> =>
    together(await store.findChosen(within, orgId));

  /** Stores what is in force from now on, with its event; the sessions that run obey after the commit. */
  const putChoice = async (
    tx: Tx,
    orgId: string,
    choice: { id: string; packs: store.ChosenPack[] },
    actor: Actor | null,
  ) => {
    const { id, packs } = choice;
    const rungs = packs.map((pack) => together([pack]).leastRung);
    const by = actor?.kind === 'staff' ? actor.userId : null;
    await store.insertChoice(tx, orgId, { id, packs, rungs, remindMinutes: together(packs).remindMinutes, by });
    const who = actor ? asEventActor(actor) : { kind: 'system' as const, id: null, name: null };
    const data = { changeId: id, packs: packs.map(named) };
    await append(tx, orgId, orgId, [draft('packs.changed', 'staff', who, data)]);
    tx.afterCommit(() => listeners.forEach((listener) => listener(orgId)));
  };

  const get = async (actor: Actor): Promise<Packs> => {
    requireStaff(actor);
    const { orgId } = actor;
    const rows = await store.listChoices(db.in(orgId), orgId, changesShown);
    const chosen = rows[0]?.packs ?? [];
    const version = (id: string) => chosen.find((pack) => pack.id === id)?.version ?? null;
    return {
      items: [...known.values()].map((pack) => ({ ...pack, inForce: version(pack.id) })),
      inForce: together(chosen),
      changes: rows.map(({ id, packs, chosen_at: at, chosen_name: by }) => ({ id, at, by, packs: packs.map(named) })),
    };
  };

  /** Names the packs that ask for it. */
  const refuse = (packs: readonly store.ChosenPack[], asks: (one: PacksInForce) => boolean, what: string): never => {
    const titles = packs.filter((pack) => asks(together([pack]))).map(({ title }) => `“${title}”`);
    throw new AppError('pack-forbids', { detail: `${titles.join(' and ')} ${what}` });
  };

  return {
    get,

    /** For other services: the strictest of each rule. Inside a transaction, pass it: no second connection is taken. */
    inForce,

    /** Called after a change was stored: it concerns the replies that run, too. */
    onChanged(listener: (orgId: string) => void) {
      listeners.push(listener);
    },

    /** Throws `pack-forbids` for a rung that is weaker than a pack allows. */
    async requireRung(orgId: string, rung: Rung, within: Db = db.in(orgId)): Promise<void> {
      const packs = await store.findChosen(within, orgId);
      const { leastRung } = together(packs);
      if (strictest(rung, leastRung) === rung) return;
      const weaker = (one: PacksInForce) => strictest(rung, one.leastRung) !== rung;
      refuse(packs, weaker, `allows nothing weaker than “${rungNames[leastRung]}”.`);
    },

    /** Throws `pack-forbids` for what would infer how somebody feels. */
    async requireEmotionInference(orgId: string, within: Db = db.in(orgId)): Promise<void> {
      const packs = await store.findChosen(within, orgId);
      if (together(packs).emotionInference) return;
      refuse(packs, (one) => !one.emotionInference, 'does not allow a model to judge how a client is.');
    },

    /** Throws `pack-forbids` where a client would be told more seldom that an AI answers. */
    async requireReminder(orgId: string, minutes: number | null, within: Db = db.in(orgId)): Promise<void> {
      const packs = await store.findChosen(within, orgId);
      const { remindMinutes } = together(packs);
      const seldom = (one: PacksInForce) => one.remindMinutes !== null && (minutes ?? Infinity) > one.remindMinutes;
      if (remindMinutes !== null && (minutes ?? Infinity) > remindMinutes)
        refuse(packs, seldom, `asks for a reminder at least every ${remindMinutes} minutes.`);
    },

    /** These from now on, and no others. Throws `invalid-body` for a pack that this server does not have. */
    async choose(actor: Actor, ids: string[]): Promise<Packs> {
      requireStaff(actor);
      const { orgId } = actor;
      const packs = [...ids].sort().map(ofFile);
      const id = newId();
      await db.in(orgId).tx(async (tx) => {
        await store.lockChoice(tx, orgId);
        const before = await store.findChosen(tx, orgId);
        if (JSON.stringify(before.map(named)) === JSON.stringify(packs.map(named))) return;
        audit.record(tx, actor, 'packs.changed', { 'pack-choice': id });
        await putChoice(tx, orgId, { id, packs }, actor);
      });
      return get(actor);
    },

    /** This server may come with newer versions of what was chosen: they are in force from its start on. */
    async start(): Promise<void> {
      for (const orgId of await store.organisationsWithPacks(db.everywhere)) {
        await db.in(orgId).tx(async (tx) => {
          await store.lockChoice(tx, orgId);
          const chosen = await store.findChosen(tx, orgId);
          const packs = chosen.map((pack) => {
            const { version } = known.get(pack.id) ?? pack;
            return isNewer(version, pack.version) ? ofFile(pack.id) : pack;
          });
          if (packs.every((pack, at) => pack === chosen[at])) return;
          const id = newId();
          audit.record(tx, { kind: 'system', orgId }, 'packs.changed', { 'pack-choice': id });
          await putChoice(tx, orgId, { id, packs }, null);
        });
      }
    },
  };
}
