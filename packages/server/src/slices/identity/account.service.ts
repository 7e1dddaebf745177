import { createHash } from 'node:crypto';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { searchEntries } from '../../platform/audit/store.ts';
import type { Database } from '../../platform/db/db.ts';
import { part, toMarkdown, type Part } from '../../platform/documents/parts.ts';
import { toPdf } from '../../platform/documents/pdf.ts';
import { writeZip } from '../../platform/zip/zip.ts';
import * as store from './account.store.ts';

/** The newest of one's own acts that an export lists; the audit log itself is for whoever may read it. */
const mostActs = 5000;

export type AccountService = ReturnType<typeof createAccountService>;

type Fields = Record<string, unknown>;
type Section = Fields | Fields[];

const shown = (value: unknown): string =>
  Array.isArray(value) ? value.map(shown).join(', ') : value === null || value === undefined ? '–' : String(value);
const line = (fields: Fields): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name}: ${shown(value)}`)
    .join(' · ');

const partsOf = (organisation: string, exportedAt: string, sections: Record<string, Section>): Part[] => [
  part('title', `What ${organisation} has stored about my account`),
  part('fact', `Exported: ${exportedAt}`),
  ...Object.entries(sections).flatMap(([name, section]) => [
    part('heading', name),
    ...(Array.isArray(section)
      ? section.map((each) => part('fact', line(each)))
      : Object.entries(section).map(([field, value]) => part('fact', `${field}: ${shown(value)}`))),
  ]),
];

/** What is stored about a member of the team, for themselves. */
export function createAccountService(parts: {
  db: Database;
  audit: Audit;
  organisationName(orgId: string): Promise<string>;
}) {
  const { db, audit, organisationName } = parts;

  const collect = async (orgId: string, userId: string): Promise<Record<string, Section>> => {
    const home = db.in(orgId);
    const { loginId, ...member } = await store.readMember(home, orgId, userId);
    const acts = await searchEntries(home, orgId, { actorId: userId }, null, mostActs);
    return {
      member,
      teams: await store.readTeams(home, orgId, userId),
      caseload: await store.readCaseload(home, orgId, userId),
      keys: await store.readKeys(home, orgId, userId),
      invitations: await store.readInvitations(home, orgId, userId),
      deputies: await store.readDeputies(home, orgId, userId),
      deidentifiedExports: await store.readDeidExports(home, orgId, userId),
      login: await store.readLogin(db.everywhere, loginId),
      waysToSignIn: await store.readAccounts(db.everywhere, loginId),
      logins: await store.readSessions(db.everywhere, loginId),
      passkeys: await store.readPasskeys(db.everywhere, loginId),
      acts: acts.map(({ at, act, outcome, subjects }) => ({
        at,
        act,
        outcome,
        records: subjects.map(({ kind, id }) => `${kind} ${id}`),
      })),
    };
  };

  return {
    /**
     * Everything about oneself as JSON, Markdown and PDF in one zip; neither secrets nor what others wrote. One's own acts are
     * the newest 5,000. Throws `not-found` for a client.
     */
    async exportOwn(actor: Actor): Promise<{ name: string; body: Buffer }> {
      requireStaff(actor);
      const { orgId, userId } = actor;
      await audit.note(actor, 'member.exported', { user: userId });
      const organisation = await organisationName(orgId);
      const exportedAt = new Date().toISOString();
      const sections = await collect(orgId, userId);
      const document = partsOf(organisation, exportedAt, sections);
      const account = { format: 'rapport-account', version: 1, exportedAt, organisation, ...sections };
      const files = [
        { name: 'account.json', body: Buffer.from(JSON.stringify(account, null, 2)) },
        { name: 'account.md', body: Buffer.from(toMarkdown(document)) },
        { name: 'account.pdf', body: await toPdf(document) },
      ];
      const sums = files.map(({ name, body }) => [name, createHash('sha256').update(body).digest('hex')]);
      const manifest = { format: account.format, version: 1, sha256: Object.fromEntries(sums) };
      const all = [{ name: 'manifest.json', body: Buffer.from(JSON.stringify(manifest, null, 2)) }, ...files];
      return {
        name: `account-${exportedAt.slice(0, 10)}.zip`,
        body: await writeZip(all, new Date(exportedAt)),
      };
    },
  };
}
