import type { Message, Session } from '@rapport/protocol/sessions';
import PDFDocument from 'pdfkit';
import type { Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { ConversationService } from './conversation.service.ts';
import type { SessionService } from './service.ts';

export interface ExportFile {
  name: string;
  type: string;
  body: string | Buffer;
}

export type TranscriptFormat = 'markdown' | 'json' | 'pdf';
export type TranscriptService = ReturnType<typeof createTranscriptService>;

const pageSize = 200;

const authorName = (session: Session, message: Message): string => {
  if (message.author === 'client') return session.client?.name ?? 'Client';
  if (message.author === 'staff') return 'Team';
  const by = message.engine ? `AI, ${message.engine.label}` : 'written by the team';
  const end = message.replyStatus === 'stopped' ? ', stopped' : '';
  return `${session.persona.name} (${by}${end})`;
};

const heading = (session: Session): string[] => [
  `Persona: ${session.persona.name}, ${session.persona.role} (version ${session.persona.version})`,
  `Client: ${session.client?.name ?? 'none'}`,
  `Started: ${session.createdAt}`,
  `Ended: ${session.endedAt ?? 'still open'}`,
];

function toMarkdown(session: Session, messages: Message[]): string {
  const parts = messages.map((m) => `**${authorName(session, m)}** · ${m.createdAt}\n\n${m.text}\n`);
  return `# ${session.title}\n\n${heading(session)
    .map((l) => `- ${l}`)
    .join('\n')}\n\n---\n\n${parts.join('\n---\n\n')}`;
}

async function toPdf(session: Session, messages: Message[]): Promise<Buffer> {
  const doc = new PDFDocument({ margin: 56, info: { Title: session.title } });
  const chunks: Buffer[] = [];
  doc.on('data', (chunk: Buffer) => chunks.push(chunk));
  const end = new Promise<void>((resolve) => doc.on('end', resolve));
  doc.font('Helvetica-Bold').fontSize(18).text(session.title).moveDown(0.5);
  doc.font('Helvetica').fontSize(10).fillColor('#444');
  for (const line of heading(session)) doc.text(line);
  for (const message of messages) {
    doc
      .moveDown()
      .font('Helvetica-Bold')
      .fillColor('#222')
      .text(`${authorName(session, message)} · ${message.createdAt}`);
    doc.font('Helvetica').fillColor('#000').text(message.text);
  }
  doc.end();
  await end;
  return Buffer.concat(chunks);
}

/** The whole conversation as a file. Guidance is not part of it: it was never said. */
export function createTranscriptService(parts: {
  audit: Audit;
  sessions: SessionService;
  conversations: ConversationService;
}) {
  const all = async (actor: Actor, id: string): Promise<Message[]> => {
    const pages: Message[][] = [];
    for (let before: number | null = null; ;) {
      const page: { items: Message[]; next: string | null } = await parts.conversations.messages(
        actor,
        id,
        before,
        pageSize,
      );
      pages.unshift(page.items);
      if (!page.next || !page.items[0]) return pages.flat();
      before = page.items[0].seq;
    }
  };

  return {
    /** Throws `not-found`. */
    async export(actor: Actor, id: string, format: TranscriptFormat): Promise<ExportFile> {
      const session = await parts.sessions.get(actor, id);
      await parts.audit.note(actor, 'session.exported', { session: id, client: session.client?.id ?? null });
      const messages = await all(actor, id);
      const name = `transcript-${session.createdAt.slice(0, 10)}-${id.slice(-6)}`;
      switch (format) {
        case 'markdown':
          return { name: `${name}.md`, type: 'text/markdown; charset=utf-8', body: toMarkdown(session, messages) };
        case 'json':
          return {
            name: `${name}.json`,
            type: 'application/json',
            body: JSON.stringify({ session, messages }, null, 2),
          };
        case 'pdf':
          return { name: `${name}.pdf`, type: 'application/pdf', body: await toPdf(session, messages) };
      }
    },
  };
}
