import { createHash } from 'node:crypto';
import type { ArchivedClient, PersonArchive, PersonSession } from '@rapport/protocol/person';
import type { PersonImported } from '@rapport/protocol/privacy';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { newId } from '../../platform/ids.ts';
import type { Keyring } from '../../platform/keys/keyring.ts';
import { readPersonArchive, withNewIds } from './import.read.ts';
import * as store from './import.store.ts';

/** A persona of another organisation, as sessions name it. */
export interface ForeignPersona {
  id: string;
  name: string;
  role: string;
  versions: number[];
}

export interface ImportParts {
  db: Database;
  audit: Audit;
  keyring: Keyring;
  /** Makes something for imported sessions to point at where their persona was: archived, and answering nobody. */
  standIn(tx: Tx, orgId: string, userId: string, persona: ForeignPersona): Promise<void>;
}

export type ImportService = ReturnType<typeof createImportService>;

function personasOf(sessions: PersonSession[]): ForeignPersona[] {
  const found = new Map<string, ForeignPersona>();
  for (const { persona } of sessions) {
    const known = found.get(persona.id) ?? { id: persona.id, name: persona.name, role: persona.role, versions: [] };
    if (!known.versions.includes(persona.version)) known.versions.push(persona.version);
    found.set(persona.id, known);
  }
  return [...found.values()];
}

/** A session held with nobody on record becomes the session of a client of that name. */
const clientOf = ({ client, sessions, exportedAt }: PersonArchive): ArchivedClient =>
  client ?? {
    id: newId(),
    name: (sessions[0]?.alias ?? sessions[0]?.title ?? 'Imported').slice(0, 120),
    language: 'en',
    about: '',
    contact: '',
    tags: [],
    riskFactors: [],
    goals: [],
    threads: [],
    notes: [],
    questionnaires: [],
    createdAt: exportedAt,
    updatedAt: exportedAt,
  };

/** Brings in what `export.service.ts` of another organisation, or of another installation, made. */
export function createImportService({ db, audit, keyring, standIn }: ImportParts) {
  const insert = async (tx: Tx, owner: store.Owner, archive: PersonArchive, hash: Buffer) => {
    const client = clientOf(archive);
    await keyring.create(tx, owner.orgId, owner.clientId);
    await store.insertClient(tx, owner, client);
    await store.insertGoals(tx, owner, client.goals);
    await store.insertThreads(tx, owner, client.threads);
    await store.insertNotes(tx, owner, null, client.notes);
    await store.insertQuestionnaires(tx, owner, null, client.questionnaires);
    await store.insertImport(tx, owner, hash);
    for (const persona of personasOf(archive.sessions)) await standIn(tx, owner.orgId, owner.userId, persona);
    for (const session of archive.sessions) {
      const roomId = newId();
      await store.insertSession(tx, owner, session, roomId, client.name);
      await store.insertMessages(tx, owner, session.id, session.messages);
      await store.insertEvents(tx, owner, roomId, session.events);
      await store.insertNotes(tx, owner, session.id, session.notes);
      await store.insertQuestionnaires(tx, owner, session.id, session.questionnaires);
      await store.insertGuidance(tx, owner, session.id, session.guidance);
      await store.insertReplies(tx, owner, session.id, roomId, session.replies);
      await store.insertInvitations(tx, owner, session.id, session.invitations);
    }
  };

  return {
    /**
     * Makes a client of an archive, under new ids, with ended sessions. The same archive sent again makes nobody twice.
     * Consents stay behind: they were given to somebody else. So do memories and reports, which
     * people of another house approved, and what a model of theirs said.
     * Throws `invalid-archive`.
     */
    async importPerson(actor: Actor, bytes: Buffer): Promise<PersonImported> {
      requireStaff(actor);
      const { orgId, userId } = actor;
      const archive = withNewIds(await readPersonArchive(bytes));
      const hash = await db.in(orgId).codec.hash(orgId, 'import', createHash('sha256').update(bytes).digest('hex'));
      return db.in(orgId).tx(async (tx) => {
        const known = await store.findImport(tx, orgId, hash);
        const clientId = known?.client_id ?? archive.client?.id ?? newId();
        audit.record(tx, actor, 'client.imported', { client: clientId });
        if (!known) await insert(tx, { orgId, userId, clientId }, archive, hash);
        return {
          clientId,
          sessions: archive.sessions.length,
          messages: archive.sessions.reduce((sum, session) => sum + session.messages.length, 0),
        };
      });
    },
  };
}
