import type { PrivacyProfile, RecordOfProcessing } from '@rapport/protocol/processing';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Config } from '../../config/config.ts';
import type { Database } from '../../platform/db/db.ts';
import type { ConsentService } from './consents.service.ts';
import type { RetentionService } from './retention.service.ts';
import * as store from './record.store.ts';

export type RecordService = ReturnType<typeof createRecordService>;
export type Recipient = RecordOfProcessing['recipients'][number];

export interface RecordParts {
  db: Database;
  config: Pick<Config, 'databaseUrl' | 'publicUrl' | 'pgvectorFrom'>;
  consents: ConsentService;
  retention: RetentionService;
  organisationName(orgId: string): Promise<string>;
  /** Where what clients say may go; the slice that knows the providers hands it in. */
  recipients(orgId: string): Promise<Recipient[]>;
}

const noProfile: PrivacyProfile = { controller: '', contact: '', officer: '' };

/** What this software does with data about people; which of it runs is for the settings to say. */
const activities: RecordOfProcessing['activities'] = [
  {
    name: 'Conversations',
    about: 'Clients talk with an AI persona that people of the team supervise; the conversation is stored.',
    subjects: 'Clients; members of the team who take part.',
    data: ['what is written', 'name or alias', 'times', 'private guidance of the team', 'what made each reply'],
    ground: 'consent to recording and AI processing',
  },
  {
    name: 'Client records',
    about: 'The team keeps what a persona may know about a client.',
    subjects: 'Clients.',
    data: ['name', 'language', 'what the team wrote about them', 'consents'],
    ground: '',
  },
  {
    name: 'Memory',
    about: 'What clients said of themselves is remembered, with quotes, once a member of the team has approved it.',
    subjects: 'Clients.',
    data: ['statements', 'quotes of messages', 'who approved them', 'which replies were given them'],
    ground: 'consent to memory',
  },
  {
    name: 'Guesses of emotion',
    about:
      'Off unless the organisation switches it on. A member of the team may then have a model guess the tone of a session; the guesses are shown to the team as such, with quotes.',
    subjects: 'Clients who have agreed to it.',
    data: ['one of six words for each quote', 'quotes of messages', 'who asked, and which model'],
    ground: 'explicit consent to guesses of emotion, besides that to AI processing',
  },
  {
    name: 'Access',
    about: 'Members sign in; clients hold a token for their session.',
    subjects: 'Members of the team; clients.',
    data: ['name', 'password hash', 'times of sign-in', 'hashed tokens'],
    ground: '',
  },
  {
    name: 'De-identified exports',
    about: 'Copies of conversations without identifiers, read by a second person before they leave.',
    subjects: 'Clients.',
    data: ['what was written, after identifiers were replaced'],
    ground: 'consent to research or sharing',
  },
];

const measuresOf = ({ databaseUrl, publicUrl, pgvectorFrom }: RecordParts['config']): string[] => [
  'What people write is sealed with AES-256-GCM under a key of each client, wrapped by a key of the organisation and a master key outside the database.',
  'Row-level security keeps the rows of organisations apart in the database.',
  databaseUrl === null
    ? 'The database runs on this server, on a private socket.'
    : 'The database is a PostgreSQL of the operator’s own.',
  pgvectorFrom === null
    ? 'Embeddings of reference material are sealed as its texts are.'
    : 'Embeddings of large knowledge bases stand in clear in the database, for an index: who reads the database can guess what their reference material says.',
  publicUrl?.startsWith('https:')
    ? 'The public address is reached over TLS only.'
    : 'No public TLS address is configured.',
  'Members see the clients assigned to them, unless their role says more.',
  'Nothing a client says is sent to a model provider that is refused, or that is not approved where approval is required.',
];

/** The record of processing, made from the settings as they are. */
export function createRecordService(parts: RecordParts) {
  const { db, config, consents, retention } = parts;

  const make = async (actor: Actor): Promise<RecordOfProcessing> => {
    requireStaff(actor);
    const { orgId } = actor;
    const [organisation, profile, settings, recipients, rules] = await Promise.all([
      parts.organisationName(orgId),
      store.findProfile(db.in(orgId), orgId),
      consents.settings(actor),
      parts.recipients(orgId),
      retention.rules(actor),
    ]);
    return {
      organisation,
      madeAt: new Date().toISOString(),
      profile: profile ?? noProfile,
      activities,
      consents: settings.map(({ purpose, asked, version }) => ({ purpose, asked, version })),
      recipients,
      retention: rules.map(({ category, days }) => ({ category, days })),
      measures: measuresOf(config),
    };
  };

  return {
    make,

    async markdown(actor: Actor): Promise<string> {
      return toMarkdown(await make(actor));
    },

    async putProfile(actor: Actor, profile: PrivacyProfile): Promise<RecordOfProcessing> {
      requireStaff(actor);
      await store.putProfile(db.in(actor.orgId), actor.orgId, profile);
      return make(actor);
    },
  };
}

/** What people typed must not become a heading, a link or another cell. */
const plain = (text: string): string =>
  text
    .replace(/[\\`*_[\]<>|#]/g, '\\$&')
    .replace(/\s+/g, ' ')
    .trim();
const or = (text: string, otherwise = '(to be filled in)'): string => (text.trim() ? plain(text) : otherwise);

function toMarkdown(record: RecordOfProcessing): string {
  const { profile } = record;
  const table = (head: string[], rows: string[][]): string =>
    [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
  return [
    `# Record of processing: ${plain(record.organisation)}`,
    `As of ${record.madeAt.slice(0, 10)}, made from the settings of Rapport.`,
    `- Controller: ${or(profile.controller)}\n- Contact: ${or(profile.contact)}\n- Data protection officer: ${or(profile.officer)}`,
    '## Activities',
    ...record.activities.map(
      ({ name, about, subjects, data, ground }) =>
        `### ${name}\n\n${about}\n\n- About whom: ${subjects}\n- Data: ${data.join(', ')}\n- Legal ground: ${or(ground)}`,
    ),
    '## Consents',
    table(
      ['Purpose', 'Asked', 'Version of the text'],
      record.consents.map(({ purpose, asked, version }) => [purpose, asked ? 'yes' : 'no', String(version)]),
    ),
    '## Recipients: model providers',
    record.recipients.length === 0
      ? 'None. Replies quote reference material on this server.'
      : table(
          ['Provider', 'Where', 'Status', 'May receive what clients say', 'Agreement'],
          record.recipients.map((one) => [
            plain(one.name),
            plain(one.place),
            one.status,
            one.receives ? 'yes' : 'no',
            [one.agreedOn ?? '', plain(one.note)].filter(Boolean).join(' ') || '–',
          ]),
        ),
    '## How long it is kept',
    table(
      ['Category', 'Days'],
      record.retention.map(({ category, days }) => [category, days === null ? 'until deleted' : String(days)]),
    ),
    '## Measures',
    record.measures.map((measure) => `- ${measure}`).join('\n'),
  ].join('\n\n');
}
