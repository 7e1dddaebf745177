import type {
  ArchivedClient,
  PersonArchive,
  PersonInsight,
  PersonReport,
  PersonSession,
} from '@rapport/protocol/person';
import { part, toMarkdown as markdownOf, type Part } from '../../platform/documents/parts.ts';
import { toPdf as pdfOf } from '../../platform/documents/pdf.ts';

const authorOf = (
  archive: PersonArchive,
  session: PersonSession,
  message: PersonSession['messages'][number],
): string => {
  if (message.author === 'client') return archive.client?.name ?? session.alias ?? 'Client';
  if (message.author === 'staff') return 'Team';
  return `${session.persona.name} (${message.engine ? `AI, ${message.engine.label}` : 'written by the team'})`;
};

const notesOf = (notes: PersonSession['notes']): Part[] =>
  notes.flatMap(({ text, createdAt }) => [part('speaker', `Note of the team · ${createdAt}`), part('text', text)]);

const answersOf = (all: PersonSession['questionnaires']): string[] =>
  all.map(({ instrument, answers, answeredAt }) => `${instrument.toUpperCase()}, ${answeredAt}: ${answers.join(' ')}`);

/** What the team planned for a session and said of it afterwards. */
function planOf({ client }: PersonArchive, { timer, goalIds, rating, questionnaires }: PersonSession): Part[] {
  const chosen = (client?.goals ?? []).filter(({ id }) => id !== undefined && goalIds.includes(id));
  const facts = [
    ...(timer ? [`Planned: ${timer.minutes} minutes, until ${timer.endsAt}`] : []),
    ...chosen.map(({ title }) => `Goal of this session: ${title}`),
    ...answersOf(questionnaires),
    ...(rating
      ? [
          `Effectiveness ${rating.effectiveness}, engagement ${rating.engagement}, progress ${rating.progress} of 10${rating.sentence && `: ${rating.sentence}`}`,
        ]
      : []),
  ];
  return facts.map((fact) => part('fact', fact));
}

function reportParts({ title, createdBy, approvedBy, approvedAt, sections }: PersonReport): Part[] {
  return [
    part('heading', title),
    part('fact', `Begun by ${createdBy}`),
    part('fact', approvedBy ? `Approved by ${approvedBy}, ${approvedAt}` : 'Draft: nobody has approved this report.'),
    ...sections.flatMap(({ heading, kind, text }) => [
      part('speaker', kind === 'ai' ? `${heading} · made by an AI model` : heading),
      part('text', text),
    ]),
  ];
}

const insightKinds = {
  summary: 'Summary made by an AI model',
  tone: 'Tone: a model’s guess, not a finding',
} as const;

const insightParts = ({ kind, engine, askedBy, askedAt, points }: PersonInsight): Part[] => [
  part('heading', insightKinds[kind]),
  part('fact', `Made by ${engine.label} ${engine.model}; asked by ${askedBy}, ${askedAt}`),
  ...points.map(({ text, quote }) => part('text', `${text} (“${quote}”)`)),
];

function sessionParts(archive: PersonArchive, session: PersonSession): Part[] {
  const parts = [
    part('heading', session.title),
    part('fact', `Persona: ${session.persona.name}, ${session.persona.role} (version ${session.persona.version})`),
    part('fact', `Started: ${session.createdAt}`),
    part('fact', `Ended: ${session.endedAt ?? 'still open'}`),
  ];
  if (session.alias) parts.push(part('fact', `Called: ${session.alias}`));
  for (const { createdAt, acceptedAt, devices } of session.invitations) {
    const joined = acceptedAt ? `, accepted ${acceptedAt}, devices: ${devices.length}` : ', not accepted';
    parts.push(part('fact', `Invited: ${createdAt}${joined}`));
  }
  if (session.summary) parts.push(part('speaker', 'Summary made for the persona'), part('text', session.summary.text));
  for (const message of session.messages) {
    const replaced = message.superseded ? ' · replaced by a later reply' : '';
    parts.push(part('speaker', `${authorOf(archive, session, message)} · ${message.createdAt}${replaced}`));
    parts.push(part('text', message.text));
    for (const { title, quote } of message.citations) parts.push(part('fact', `Source: ${title}: “${quote}”`));
  }
  parts.push(...planOf(archive, session), ...notesOf(session.notes));
  for (const { text, createdAt } of session.guidance) {
    parts.push(part('speaker', `Guidance to the persona · ${createdAt}`), part('text', text));
  }
  return parts;
}

const stateOf = { open: 'open', reached: 'reached', dropped: 'given up' } as const;

function factsOf({ contact, tags, riskFactors, goals, threads, questionnaires }: ArchivedClient): Part[] {
  const facts = [
    contact && `Contact: ${contact}`,
    tags.length > 0 && `Tags: ${tags.join(', ')}`,
    ...riskFactors.map((factor) => `Risk factor: ${factor}`),
    ...goals.flatMap((goal) => [
      `Goal: ${goal.title} (${stateOf[goal.state]})${goal.detail && `: ${goal.detail}`}`,
      ...goal.milestones.map(({ title, state }) => `Milestone: ${title} (${stateOf[state]})`),
    ]),
    ...threads.map(
      ({ name, status, description }) => `Thread: ${name} (${status})${description && `: ${description}`}`,
    ),
  ];
  facts.push(...answersOf(questionnaires));
  return facts.flatMap((fact) => (fact ? [part('fact', fact)] : []));
}

function partsOf(archive: PersonArchive): Part[] {
  const { client, organisation, exportedAt, audience, consents, memories, reports, insights, sessions } = archive;
  return [
    part('title', `What ${organisation} has stored about ${client?.name ?? 'this session'}`),
    part('fact', `Exported: ${exportedAt}`),
    part(
      'fact',
      audience === 'staff' ? 'For the team: complete.' : 'For the person: without what only the team may see.',
    ),
    ...(client
      ? [
          part('heading', 'Profile'),
          part('fact', `Name: ${client.name}`),
          part('fact', `Language: ${client.language}`),
          part('fact', `On record since: ${client.createdAt}`),
          part('text', client.about),
          ...factsOf(client),
          ...notesOf(client.notes),
        ]
      : []),
    ...(consents.length > 0 ? [part('heading', 'Consents')] : []),
    ...consents.map(({ purpose, given, version, language, method, saidAt }) =>
      part('fact', `${saidAt}: ${given ? 'yes' : 'no'} to ${purpose} (text ${version}, ${language}, by ${method})`),
    ),
    ...(memories.length > 0 ? [part('heading', 'Memories')] : []),
    ...memories.flatMap(({ statement, status, origin, createdAt, evidence }) => [
      part('speaker', `${createdAt} · ${status} · ${origin}`),
      part('text', statement),
      ...evidence.map(({ quote }) => part('fact', `Rests on: “${quote}”`)),
    ]),
    ...sessions.flatMap((session) => sessionParts(archive, session)),
    ...insights.flatMap(insightParts),
    ...reports.flatMap(reportParts),
  ];
}

export const toMarkdown = (archive: PersonArchive): string => markdownOf(partsOf(archive));

export const toPdf = (archive: PersonArchive): Promise<Buffer> => pdfOf(partsOf(archive));
