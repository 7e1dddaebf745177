import { accountTables } from './catalogue.accounts.ts';
import { memoryTables } from './catalogue.memory.ts';

/**
 * Which personal data each table holds, how it gets into an export and how an erasure takes it out. One list: erasure,
 * preview, receipts and the replay of the deletion ledger run over it, and a test compares it with the real schema, so
 * that no table of an organisation can be forgotten.
 */

/** What people are told a piece of data is. */
export type Category =
  'profile' | 'memory' | 'conversation' | 'guidance' | 'access' | 'technical' | 'privacy' | 'research' | 'account';

/** Whose ids `column` holds. */
export type Anchor = 'client' | 'session' | 'room' | 'generation';

/** Data about a client. Its rows are those with one of the ids of the erased in one of these columns; they are deleted. */
interface ClientTable {
  about: 'client';
  category: Category;
  /** Columns that say something about the person, and what. */
  columns: Readonly<Record<string, string>>;
  rows: readonly (readonly [column: string, of: Anchor])[];
  /** Where it stands in `person.json` of an export. */
  exported: string;
  /** Only what the team may see: left out of what the client downloads. */
  staffOnly?: true;
}

/** Data about a client that is found or erased in a way of its own. */
interface SpecialTable {
  about: 'client';
  category: Category;
  columns: Readonly<Record<string, string>>;
  /** How, in words; the code is in `erasure.store.ts`. */
  special: string;
  exported: string;
}

/** Data about a member of the team, which goes with the account. */
interface StaffTable {
  about: 'staff';
  category: 'account';
  columns: Readonly<Record<string, string>>;
  exported: string;
  erased: string;
}

/** Holds nothing about a client or a member of the team beyond the id of who acted. */
interface FreeTable {
  about: 'nobody';
  because: string;
}

export type CatalogueEntry = ClientTable | SpecialTable | StaffTable | FreeTable;

const free = (because: string): FreeTable => ({ about: 'nobody', because });
const ofSession = { rows: [['session_id', 'session']] } as const;
const ofEither = {
  rows: [
    ['client_id', 'client'],
    ['session_id', 'session'],
  ],
} as const;

/** In the order in which rows can go: what points at others before what it points at. */
export const catalogue = {
  access_token: {
    about: 'client',
    category: 'access',
    columns: { alias: 'name they chose', token_hash: 'hash of their access token' },
    ...ofSession,
    exported: 'sessions[].devices (without the hash)',
  },
  invitation: {
    about: 'client',
    category: 'access',
    columns: { alias: 'name they were invited under', token_hash: 'hash of the link' },
    ...ofSession,
    exported: 'sessions[].invitations (without the hash)',
  },
  token_log: {
    about: 'client',
    category: 'technical',
    columns: { body: 'tokens of replies to them' },
    rows: [['generation_id', 'generation']],
    exported: 'as the reply’s message: the log is a copy of it',
  },
  review: {
    about: 'client',
    category: 'guidance',
    columns: { body: 'what a persona wrote for them, and what the team made of it', reasons: 'why not as it was' },
    ...ofSession,
    exported: 'what was released of it, as messages; what was not stays with the team',
    staffOnly: true,
  },
  ...memoryTables,
  memory_policy: free('what an organisation lets personas remember'),
  generation: {
    about: 'client',
    category: 'technical',
    columns: { usage: 'size of what was said' },
    ...ofSession,
    exported: 'sessions[].replies',
    staffOnly: true,
  },
  guidance: {
    about: 'client',
    category: 'guidance',
    columns: { body: 'what staff told the persona about the talk' },
    ...ofSession,
    exported: 'sessions[].guidance',
    staffOnly: true,
  },
  escalation_page: free('when the team was written to; it goes with its escalation'),
  escalation: {
    about: 'client',
    category: 'conversation',
    columns: { note: 'what the team noted', category: 'what they were thought to be in danger of', level: 'how grave' },
    ...ofSession,
    exported: 'sessions[].events',
    staffOnly: true,
  },
  risk_flag: {
    about: 'client',
    category: 'conversation',
    columns: { findings: 'words that gave reason to worry', category: 'what about', level: 'how grave' },
    ...ofSession,
    exported: 'sessions[].events',
    staffOnly: true,
  },
  pack_choice: free('which jurisdiction packs an organisation is under, and who chose them'),
  report: {
    about: 'client',
    category: 'guidance',
    columns: { body: 'what the team reported about them' },
    rows: [
      ['session_id', 'session'],
      ['client_id', 'client'],
    ],
    exported: 'as a file of its own, from its page: it is the team’s writing about them',
    staffOnly: true,
  },
  safety_setting: free('deadlines and the fallback contact of an organisation'),
  safety_text: free('texts of the organisation'),
  message: {
    about: 'client',
    category: 'conversation',
    columns: {
      body: 'what was said',
      citations: 'what was quoted to them',
      claims: 'which sentences of it stand in the material',
      idempotency_hash: 'keyed hash of it',
    },
    ...ofSession,
    exported: 'sessions[].messages',
  },
  event: {
    about: 'client',
    category: 'conversation',
    columns: { data: 'what happened', actor: 'name of who acted' },
    rows: [['room_id', 'room']],
    exported: 'sessions[].events',
  },
  legal_hold: {
    about: 'client',
    category: 'privacy',
    columns: { reason: 'why their data is kept', lift_reason: 'why no longer' },
    ...ofEither,
    exported: 'not: reasons of a legal dispute are the team’s',
  },
  erasure_request: {
    about: 'client',
    category: 'privacy',
    columns: { answer: 'what they were answered' },
    ...ofEither,
    exported: 'shown to them on their own page',
  },
  person_import: {
    about: 'client',
    category: 'privacy',
    columns: { archive_hash: 'which archive they were brought in with' },
    rows: [['client_id', 'client']],
    exported: 'not: it says nothing beyond the archive itself',
  },
  break_glass: {
    about: 'client',
    category: 'privacy',
    columns: { reason: 'why a member of the team had to look at their record' },
    rows: [['client_id', 'client']],
    exported: 'not: the reason is the team’s',
    staffOnly: true,
  },
  consent_record: {
    about: 'client',
    category: 'privacy',
    columns: { given: 'what they agreed to', said_at: 'when', note: 'where the paper is kept' },
    ...ofEither,
    exported: 'consents[]',
  },
  deid_item: {
    about: 'client',
    category: 'research',
    columns: { body: 'a de-identified copy of a session' },
    ...ofSession,
    exported: 'not: a copy of the session without what names them',
    staffOnly: true,
  },
  client_assignment: {
    about: 'client',
    category: 'access',
    columns: { user_id: 'who looks after them', team_id: 'which team does' },
    rows: [['client_id', 'client']],
    exported: 'not: it says who of the team works for them, and names the team alone',
    staffOnly: true,
  },
  session: {
    about: 'client',
    category: 'conversation',
    columns: { title: 'often their name', client_name: 'name', alias: 'name they chose', summary: 'of the talk' },
    rows: [['id', 'session']],
    exported: 'sessions[]',
  },
  room: {
    about: 'client',
    category: 'conversation',
    columns: { subject_id: 'whom the room is about' },
    rows: [['id', 'room']],
    exported: 'sessions[].events',
  },
  client: {
    about: 'client',
    category: 'profile',
    columns: { name: 'name', profile: 'language, and what the persona may know' },
    rows: [['id', 'client']],
    exported: 'client',
  },
  idempotency: {
    about: 'client',
    category: 'technical',
    columns: { answer: 'what a request was answered', route: 'ids', actor: 'ids' },
    special: 'those whose actor, address or answer names one of the ids; all others go after 24 hours',
    exported: 'not: copies of other tables, for 24 hours',
  },
  data_key: {
    about: 'client',
    category: 'technical',
    columns: { wrapped: 'key their content is sealed under' },
    special: 'the wrapped key is destroyed; the row stays as proof that it was',
    exported: 'not: a key is no data about them',
  },
  ...accountTables,
  identity_provider: free('addresses and keys of OpenID providers'),
  server_secret: free('a key of the server'),
  member_role: {
    about: 'staff',
    category: 'account',
    columns: { role: 'what they may do' },
    exported: 'account.json: member.roles',
    erased: 'by removing the member',
  },
  member_invitation: {
    about: 'staff',
    category: 'account',
    columns: { email: 'address', name: 'name', token_hash: 'hash of the link' },
    exported: 'account.json: invitations',
    erased: 'by removing the member; one that nobody accepted, when an address it names is removed',
  },
  team_member: {
    about: 'staff',
    category: 'account',
    columns: { user_id: 'who belongs to a team' },
    exported: 'account.json: teams',
    erased: 'by removing the member',
  },
  api_key: {
    about: 'staff',
    category: 'account',
    columns: { name: 'what they called a key', token_hash: 'hash of it', last_used_at: 'when it was used' },
    exported: 'account.json: keys',
    erased: 'by removing the member',
  },
  review_deputy: {
    about: 'staff',
    category: 'account',
    columns: { deputy_id: 'who stands in for whom' },
    exported: 'account.json: deputies',
    erased: 'with the account, and by naming nobody',
  },
  supervision_policy: {
    about: 'staff',
    category: 'account',
    columns: { fallback_email: 'who is written to when nobody decides' },
    exported: 'in the organisation’s settings',
    erased: 'by another address in the settings',
  },
  deid_export: {
    about: 'staff',
    category: 'account',
    columns: { created_by_name: 'who prepared an export', reviewed_by_name: 'who signed it off' },
    exported: 'account.json: deidentifiedExports',
    erased: 'the names by removing the member, the rest with the export',
  },
  custom_role: free('names a role and what it may do'),
  team: free('names a team'),
  consent_text: free('texts of the organisation'),
  consent_setting: free('what the organisation asks for'),
  privacy_profile: free('who answers for the processing, as the organisation publishes it'),
  retention_rule: free('for how long what is kept'),
  retention_run: free('figures of what was deleted'),
  usage_hour: free('figures by persona and member: what replies used, kept for budgets'),
  usage_through: free('up to when replies were counted'),
  budget: free('what may be used'),
  org: free('names an organisation'),
  provider: free('addresses and keys of model providers'),
  price: free('prices of models'),
  knowledge_base: free('reference material of the organisation; nobody’s conversation is put into it'),
  knowledge_reader: {
    about: 'staff',
    category: 'account',
    columns: { user_id: 'who may read a knowledge base' },
    exported: 'in the knowledge base, to whoever may read it',
    erased: 'with the account',
  },
  document_version: free('reference material of the organisation; created_by is the id of who acted'),
  document: free('reference material of the organisation'),
  blob: free('ids and sizes of sealed files of reference material'),
  chunk: free('reference material of the organisation'),
  curated_answer: free('written or approved by the team as an answer of the organisation; names who by id'),
  evaluation: free('questions that the team tests its reference material with'),
  evaluation_run: free('figures of such a test'),
  posting: free('hashed terms of reference material'),
  index_segment: free('figures of the index of reference material'),
  index_part: free('hashed terms of reference material'),
  persona: free('written by the team about a persona that is no person'),
  persona_version: free('as persona; published_by is the id of who acted'),
  erasure: free('outlives the erased and names them by an id that leads nowhere any more'),
  deletion_ledger: free('ids of the erased, so that a restored copy erases them again'),
  audit_entry: free('ids of who acted on which record, and codes; kept as evidence when a person is erased'),
  audit_key: free('a key of the organisation'),
  audit_checkpoint: free('hashes over audit entries'),
  audit_shipment: free('numbers of checkpoints'),
  audit_stub: free('hashes over audit entries'),
  signing_key: free('a key of the organisation'),
} as const satisfies Record<string, CatalogueEntry>;

export type CataloguedTable = keyof typeof catalogue;

export const entries = Object.entries(catalogue) as [CataloguedTable, CatalogueEntry][];
