import { isDeepStrictEqual } from 'node:util';
import type { Page } from '@rapport/protocol/common';
import type { Persona, PersonaPatch, PersonaVersion } from '@rapport/protocol/personas';
import { PersonaCreate, PersonaSpec } from '@rapport/protocol/personas';
import type { Rung } from '@rapport/protocol/supervision';
import type { z } from 'zod';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { BaseService, KnowledgeUser } from '../knowledge/bases.service.ts';
import * as store from './store.ts';
import { findTitleClaims } from './titles.ts';

export type PersonaService = ReturnType<typeof createPersonaService>;

export interface PersonaParts {
  db: Database;
  audit: Audit;
  knowledge: Pick<BaseService, 'mayUse'>;
  /** Its material is tried with the questions that were saved for it. */
  onPublish(tx: Tx, orgId: string, baseId: string): Promise<void>;
  hasProvider(orgId: string, id: string): Promise<boolean>;
  /** Whether the organisation's administrator turned the check of titles off. */
  allowTitles(orgId: string): Promise<boolean>;
  /** Throws `pack-forbids` for a rung that a jurisdiction pack does not allow. */
  requireRung(orgId: string, rung: Rung): Promise<void>;
}

export type PersonaQuery = Page & store.PersonaFilter;

const keptVersions = 500;
const usersPage = 200;

/** What a version freezes: the persona without its id, dates and state. */
const specOf = (persona: unknown): PersonaSpec => PersonaSpec.strip().parse(persona);

export function createPersonaService(parts: PersonaParts) {
  const { db, audit, knowledge, hasProvider, allowTitles, onPublish, requireRung } = parts;
  /** Versions never change, so the most used ones are kept. */
  const versions = new Map<string, PersonaVersion>();

  /** `known`: what it uses already, and goes on using whoever changes something else of it. */
  const check = async (actor: Actor, spec: PersonaSpec, known: string | null = null) => {
    const { orgId } = actor;
    const claims = findTitleClaims(spec);
    if (claims.length > 0 && !(await allowTitles(orgId))) {
      throw new AppError('claims-title', { detail: claims[0]?.message ?? '', errors: claims });
    }
    const { knowledgeBaseId } = spec;
    if (knowledgeBaseId && knowledgeBaseId !== known && !(await knowledge.mayUse(actor, knowledgeBaseId))) {
      throw new AppError('invalid-body', {
        errors: [{ pointer: '/knowledgeBaseId', message: 'No such knowledge base.' }],
      });
    }
    if (spec.model.providerId && !(await hasProvider(orgId, spec.model.providerId))) {
      throw new AppError('invalid-body', { errors: [{ pointer: '/model/providerId', message: 'No such provider.' }] });
    }
  };

  const versionOf = async (orgId: string, id: string, version: number): Promise<PersonaVersion> => {
    const key = `${orgId}/${id}/${version}`;
    const known = versions.get(key);
    const found = known ?? (await store.findVersion(db.in(orgId), orgId, id, version));
    if (!found) throw notFound();
    // Taken out and put in again, it becomes the last to be thrown out.
    versions.delete(key);
    const oldest = versions.size >= keptVersions ? versions.keys().next().value : undefined;
    if (oldest !== undefined) versions.delete(oldest);
    versions.set(key, found);
    return found;
  };

  const get = async (actor: Actor, id: string): Promise<Persona> => {
    requireStaff(actor);
    const persona = await store.findPersona(db.in(actor.orgId), actor.orgId, id);
    if (!persona) throw notFound();
    return persona;
  };

  return {
    /** Throws `not-found`. */
    get,

    /** Throws `claims-title`, `pack-forbids`, `invalid-body` for an unknown knowledge base. */
    async create(actor: Actor, body: z.output<typeof PersonaCreate>): Promise<Persona> {
      requireStaff(actor);
      await check(actor, body);
      // `auto` asks for nothing of its own.
      if (body.policy !== 'auto') await requireRung(actor.orgId, body.policy);
      const id = newId();
      return audit.acting(actor, 'persona.changed', { persona: id }, (tx) =>
        store.insertPersona(tx, actor.orgId, id, body),
      );
    },

    /** Changes the draft; sessions go on with what was published. Throws `not-found`, `claims-title`, `pack-forbids`, `invalid-body`, `conflict`. */
    async update(actor: Actor, id: string, patch: PersonaPatch): Promise<Persona> {
      requireStaff(actor);
      const { archived, ifUpdatedAt, ...changes } = patch;
      const known = await get(actor, id);
      if (changes.policy && changes.policy !== known.policy) await requireRung(actor.orgId, changes.policy);
      // Archiving is no claim: it stays possible when the check was turned on after the draft was saved.
      if (Object.keys(changes).length > 0) {
        await check(actor, specOf({ ...known, ...changes }), known.knowledgeBaseId);
      }
      return db.in(actor.orgId).tx(async (tx) => {
        const before = await store.lockPersona(tx, actor.orgId, id);
        if (!before) throw notFound();
        if (ifUpdatedAt && Date.parse(ifUpdatedAt) !== Date.parse(before.updatedAt)) throw new AppError('conflict');
        audit.record(tx, actor, 'persona.changed', { persona: id });
        const spec = specOf({ ...before, ...changes });
        const published =
          before.publishedVersion === null
            ? undefined
            : await store.findVersion(tx, actor.orgId, id, before.publishedVersion);
        return store.updatePersona(tx, actor.orgId, id, {
          spec,
          archived: archived ?? before.archived,
          draftChanged: !isDeepStrictEqual(spec, published?.spec),
        });
      });
    },

    /** Newest first; those that were archived only where they are asked for. */
    async list(actor: Actor, query: PersonaQuery): Promise<{ items: Persona[]; next: string | null }> {
      requireStaff(actor);
      const [before = null] = decodeCursor(query.cursor, 1) ?? [];
      const rows = await store.listPersonas(db.in(actor.orgId), actor.orgId, query, before, query.limit + 1);
      return toPage(
        rows,
        query.limit,
        (persona) => persona,
        (persona) => encodeCursor(persona.id),
      );
    },

    /** Freezes the draft as the next version. Throws `not-found`, `claims-title`. */
    async publish(actor: Actor, id: string): Promise<PersonaVersion> {
      requireStaff(actor);
      // Every draft was checked when it was saved; what is looked at here is whether the check has been turned on since.
      await check(actor, specOf(await get(actor, id)));
      return db.in(actor.orgId).tx(async (tx) => {
        const persona = await store.lockPersona(tx, actor.orgId, id);
        if (!persona) throw notFound();
        const spec = specOf(persona);
        const version = (persona.publishedVersion ?? 0) + 1;
        audit.record(tx, actor, 'persona.published', { persona: id });
        if (spec.knowledgeBaseId) await onPublish(tx, actor.orgId, spec.knowledgeBaseId);
        return store.insertVersion(tx, actor.orgId, id, version, spec, actor.userId);
      });
    },

    /** Newest first. Throws `not-found`. */
    async versions(actor: Actor, id: string, page: Page): Promise<{ items: PersonaVersion[]; next: string | null }> {
      await get(actor, id);
      const [before] = decodeCursor(page.cursor, 1) ?? [];
      const rows = await store.listVersions(
        db.in(actor.orgId),
        actor.orgId,
        id,
        before ? Number(before) : null,
        page.limit + 1,
      );
      return toPage(
        rows,
        page.limit,
        (v) => v,
        (v) => encodeCursor(String(v.version)),
      );
    },

    /**
     * A persona for sessions brought in from elsewhere to point at, under the id and versions they name: archived, because
     * what made it who it was stayed behind.
     */
    async standIn(
      tx: Tx,
      orgId: string,
      userId: string,
      persona: { id: string; name: string; role: string; versions: number[] },
    ): Promise<void> {
      const { id, name, role, versions: named } = persona;
      const spec = PersonaCreate.parse({
        name,
        role,
        policy: 'off',
        instructions: 'Stands in for a persona of imported sessions.',
      });
      await store.insertPersona(tx, orgId, id, spec);
      for (const version of named.sort((a, b) => a - b))
        await store.insertVersion(tx, orgId, id, version, spec, userId);
      await store.updatePersona(tx, orgId, id, { spec, archived: true, draftChanged: false });
    },

    /** Which personas use a knowledge base, in their draft or as they are published. Those that were archived use nothing. */
    async usersOf(orgId: string, baseId: string): Promise<KnowledgeUser[]> {
      const users: KnowledgeUser[] = [];
      for (let before: string | null = null; ;) {
        const page: Persona[] = await store.listPersonas(db.in(orgId), orgId, {}, before, usersPage);
        for (const { id, name, knowledgeBaseId, publishedVersion } of page) {
          const current = publishedVersion === null ? null : await versionOf(orgId, id, publishedVersion);
          const published = current?.spec.knowledgeBaseId === baseId;
          if (published || knowledgeBaseId === baseId) users.push({ id, name, published });
        }
        before = page.at(-1)?.id ?? null;
        if (page.length < usersPage) return users;
      }
    },

    /** The given version, or the published one. For sessions, which have checked the actor. Throws `not-found`, `not-published`. */
    async publishedSpec(orgId: string, id: string, version?: number): Promise<{ version: number; spec: PersonaSpec }> {
      if (version !== undefined) return versionOf(orgId, id, version);
      const persona = await store.findPersona(db.in(orgId), orgId, id);
      if (!persona) throw notFound();
      if (persona.publishedVersion === null || persona.archived) throw new AppError('not-published');
      return versionOf(orgId, id, persona.publishedVersion);
    },
  };
}
