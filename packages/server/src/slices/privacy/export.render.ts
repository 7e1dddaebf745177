import type { PersonArchive, PersonSession } from '@rapport/protocol/person';
import PDFDocument from 'pdfkit';

/** A person's record as a row of parts that both forms for people are made of. */
interface Part {
  kind: 'title' | 'heading' | 'fact' | 'speaker' | 'text';
  text: string;
}

const part = (kind: Part['kind'], text: string): Part => ({ kind, text });

const authorOf = (
  archive: PersonArchive,
  session: PersonSession,
  message: PersonSession['messages'][number],
): string => {
  if (message.author === 'client') return archive.client?.name ?? session.alias ?? 'Client';
  if (message.author === 'staff') return 'Team';
  return `${session.persona.name} (${message.engine ? `AI, ${message.engine.label}` : 'written by the team'})`;
};

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
  for (const { text, createdAt } of session.guidance) {
    parts.push(part('speaker', `Guidance to the persona · ${createdAt}`), part('text', text));
  }
  return parts;
}

function partsOf(archive: PersonArchive): Part[] {
  const { client, organisation, exportedAt, audience, sessions } = archive;
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
        ]
      : []),
    ...sessions.flatMap((session) => sessionParts(archive, session)),
  ];
}

const markdown: Record<Part['kind'], (text: string) => string> = {
  title: (text) => `# ${text}\n`,
  heading: (text) => `\n## ${text}\n`,
  fact: (text) => `- ${text}`,
  speaker: (text) => `\n**${text}**\n`,
  text: (text) => `${text}\n`,
};

export const toMarkdown = (archive: PersonArchive): string =>
  `${partsOf(archive)
    .map(({ kind, text }) => markdown[kind](text))
    .join('\n')}\n`;

const type = {
  title: { font: 'Helvetica-Bold', size: 18, color: '#000' },
  heading: { font: 'Helvetica-Bold', size: 14, color: '#000' },
  fact: { font: 'Helvetica', size: 10, color: '#444' },
  speaker: { font: 'Helvetica-Bold', size: 10, color: '#222' },
  text: { font: 'Helvetica', size: 10, color: '#000' },
} as const;

/** In turns of a few hundred parts, so that a long record does not hold up who else is served. */
const turn = 300;

export async function toPdf(archive: PersonArchive): Promise<Buffer> {
  const parts = partsOf(archive);
  const doc = new PDFDocument({ margin: 56, info: { Title: parts[0]?.text ?? '' } });
  const chunks: Buffer[] = [];
  doc.on('data', (chunk: Buffer) => chunks.push(chunk));
  const end = new Promise<void>((resolve) => doc.on('end', resolve));
  for (const [i, { kind, text }] of parts.entries()) {
    const { font, size, color } = type[kind];
    if (kind === 'heading' || kind === 'speaker') doc.moveDown();
    doc.font(font).fontSize(size).fillColor(color).text(text);
    if (i % turn === turn - 1) await new Promise((resolve) => setImmediate(resolve));
  }
  doc.end();
  await end;
  return Buffer.concat(chunks);
}
