import { createHash } from 'node:crypto';
import type { Audience } from '@rapport/protocol/events';
import type { PersonArchive } from '@rapport/protocol/person';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database } from '../../platform/db/db.ts';
import { notFound } from '../../platform/errors.ts';
import { writeZip } from '../../platform/zip/zip.ts';
import { toMarkdown, toPdf } from './export.render.ts';
import { readMemories } from './export.memories.store.ts';
import { readInsights } from './export.insights.store.ts';
import { readReports } from './export.reports.store.ts';
import * as store from './export.store.ts';
import { findAnchors, findSubject } from './rows.store.ts';
import { viewerOf, type Subject } from './schema.ts';

export interface PersonFile {
  name: string;
  body: Buffer;
}

export interface ExportParts {
  db: Database;
  audit: Audit;
  /** Whether a model's guess at how somebody seems to feel may be shown at present. */
  showsTone(orgId: string, subject: Subject): Promise<boolean>;
}

export type ExportService = ReturnType<typeof createExportService>;

/** Everything about somebody in one archive: for machines, for reading, for printing. */
export function createExportService({ db, audit, showsTone }: ExportParts) {
  const collect = async (orgId: string, subject: Subject, audience: Audience): Promise<PersonArchive> => {
    const scope = db.in(orgId);
    const anchors = await findAnchors(scope, orgId, subject);
    const staff = audience === 'staff';
    const guesses = staff && (await showsTone(orgId, subject));
    const sessions = [];
    for (const id of anchors.session) sessions.push(await store.readSession(scope, orgId, id, audience));
    return {
      format: 'rapport-person',
      version: 1,
      exportedAt: new Date().toISOString(),
      organisation: await store.organisationName(scope, orgId),
      audience,
      client: subject.kind === 'client' ? await store.readClient(scope, orgId, subject.id) : null,
      consents: await store.readConsents(scope, orgId, anchors.client, anchors.session),
      memories: await readMemories(scope, orgId, anchors.client),
      reports: staff ? await readReports(scope, orgId, anchors.client, anchors.session, guesses) : [],
      insights: staff ? await readInsights(scope, orgId, anchors.client, anchors.session, guesses) : [],
      sessions,
    };
  };

  const pack = async (orgId: string, subject: Subject, audience: Audience): Promise<PersonFile> => {
    const archive = await collect(orgId, subject, audience);
    const files = [
      { name: 'person.json', body: Buffer.from(JSON.stringify(archive, null, 2)) },
      { name: 'person.md', body: Buffer.from(toMarkdown(archive)) },
      { name: 'person.pdf', body: await toPdf(archive) },
    ];
    const sums = files.map(({ name, body }) => [name, createHash('sha256').update(body).digest('hex')]);
    const manifest = { format: archive.format, version: archive.version, sha256: Object.fromEntries(sums) };
    const all = [{ name: 'manifest.json', body: Buffer.from(JSON.stringify(manifest, null, 2)) }, ...files];
    return {
      name: `person-${archive.exportedAt.slice(0, 10)}-${subject.id.slice(-6)}.zip`,
      body: await writeZip(all, new Date(archive.exportedAt)),
    };
  };

  return {
    /** Throws `not-found`. */
    async ofSubject(actor: Actor, subject: Subject): Promise<PersonFile> {
      requireStaff(actor);
      if (!(await findSubject(db.in(actor.orgId), actor.orgId, subject, viewerOf(actor)))) throw notFound();
      await audit.note(actor, 'client.exported', { [subject.kind]: subject.id });
      return pack(actor.orgId, subject, 'staff');
    },

    /**
     * The conversation that a client's access opens, without what only the team may see. The other conversations and the
     * profile come from the team: a link to one of them must not open all. Throws `not-found` for staff.
     */
    async own(actor: Actor): Promise<PersonFile> {
      if (actor.kind !== 'client') throw notFound();
      return pack(actor.orgId, { kind: 'session', id: actor.sessionId }, 'all');
    },
  };
}
