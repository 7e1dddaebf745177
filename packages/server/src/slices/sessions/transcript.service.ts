import type { EngineName } from '@rapport/protocol/inference';
import type { NoticeKind } from '@rapport/protocol/safety';
import type { Message, Session } from '@rapport/protocol/sessions';
import { audienceOf, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database } from '../../platform/db/db.ts';
import { part, toMarkdown, type Part } from '../../platform/documents/parts.ts';
import { toPdf } from '../../platform/documents/pdf.ts';
import { readEventsOfTypes } from '../../platform/events/store.ts';
import type { ConversationService } from './conversation.service.ts';
import type { SessionService } from './service.ts';

export interface ExportFile {
  name: string;
  type: string;
  body: string | Buffer;
}

export type TranscriptFormat = 'markdown' | 'json' | 'pdf';
export type TranscriptService = ReturnType<typeof createTranscriptService>;

/** A reply that ended before it was whole, as far as it was shown. */
interface UnfinishedReply {
  seq: number;
  replyId: string;
  status: 'failed' | 'interrupted';
  text: string;
  engine: EngineName | null;
  createdAt: string;
}

/** A text of the house that the client was shown: written by people, sent by the risk gate or the clock. */
interface Notice {
  seq: number;
  kind: NoticeKind;
  language: string;
  version: number;
  text: string;
  createdAt: string;
}

interface Transcript {
  session: Session;
  messages: Message[];
  unfinishedReplies: UnfinishedReply[];
  notices: Notice[];
}

const pageSize = 200;

/** Who made the words of a persona; where the engine runs is nobody's business who reads the transcript. */
const madeBy = (engine: EngineName | null): string => {
  if (!engine) return 'written by the team';
  if (engine.id === 'reference') return 'quotes from reference material, not an AI model';
  return `AI, ${engine.model || engine.label}`;
};

const authorName = (session: Session, message: Message): string => {
  if (message.author === 'client') return session.client?.name ?? 'Client';
  if (message.author === 'staff')
    return message.engine && message.engine.id !== 'reference' ? `Team (drafted by ${madeBy(message.engine)})` : 'Team';
  return `${session.persona.name} (${madeBy(message.engine)}${message.replyStatus === 'stopped' ? ', stopped' : ''})`;
};

const noticeBy = 'Fixed text (written by people, sent automatically)';

function partsOf({ session, messages, unfinishedReplies, notices }: Transcript): Part[] {
  const said = [
    ...messages.map((m) => ({ ...m, by: authorName(session, m) })),
    ...unfinishedReplies.map((r) => ({
      ...r,
      by: `${session.persona.name} (${madeBy(r.engine)}, ${r.status} before it was whole)`,
    })),
    ...notices.map((notice) => ({ ...notice, by: noticeBy })),
  ].sort((a, b) => a.seq - b.seq);
  return [
    part('title', session.title),
    part('fact', `Persona: ${session.persona.name}, ${session.persona.role} (version ${session.persona.version})`),
    part('fact', `Client: ${session.client?.name ?? 'none'}`),
    part('fact', `Started: ${session.createdAt}`),
    part('fact', `Ended: ${session.endedAt ?? 'still open'}`),
    ...said.flatMap(({ by, createdAt, text }) => [part('speaker', `${by} · ${createdAt}`), part('text', text)]),
  ];
}

/** The whole conversation as a file. Guidance is not part of it: it was never said. */
export function createTranscriptService(parts: {
  audit: Audit;
  db: Database;
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

  const unfinished = async (actor: Actor, roomId: string): Promise<UnfinishedReply[]> => {
    const { orgId } = actor;
    const events = await readEventsOfTypes(
      parts.db.in(orgId),
      orgId,
      roomId,
      ['reply.started', 'reply.failed', 'reply.interrupted'],
      audienceOf(actor),
    );
    const engines = new Map<string, EngineName>();
    return events.flatMap(({ seq, type, at, data }) => {
      if ('engine' in data) engines.set(data.replyId, data.engine);
      if (type === 'reply.started' || !('text' in data) || data.text === '') return [];
      const { replyId, text } = data;
      const status = type === 'reply.failed' ? 'failed' : 'interrupted';
      return [{ seq, replyId, status, text, engine: engines.get(replyId) ?? null, createdAt: at }];
    });
  };

  const noticesIn = async (actor: Actor, roomId: string): Promise<Notice[]> => {
    const { orgId } = actor;
    const events = await readEventsOfTypes(parts.db.in(orgId), orgId, roomId, ['notice.shown'], audienceOf(actor));
    return events.map(({ seq, at, data: { kind, language, version, text } }) => ({
      seq,
      kind,
      language,
      version,
      text,
      createdAt: at,
    }));
  };

  return {
    /** Throws `not-found`. */
    async export(actor: Actor, id: string, format: TranscriptFormat): Promise<ExportFile> {
      const session = await parts.sessions.get(actor, id);
      await parts.audit.note(actor, 'session.exported', { session: id, client: session.client?.id ?? null });
      const [messages, unfinishedReplies, notices] = await Promise.all([
        all(actor, id),
        unfinished(actor, session.roomId),
        noticesIn(actor, session.roomId),
      ]);
      const transcript: Transcript = { session, messages, unfinishedReplies, notices };
      const name = `transcript-${session.createdAt.slice(0, 10)}-${id.slice(-6)}`;
      switch (format) {
        case 'markdown':
          return {
            name: `${name}.md`,
            type: 'text/markdown; charset=utf-8',
            body: toMarkdown(partsOf(transcript)),
          };
        case 'json':
          return { name: `${name}.json`, type: 'application/json', body: JSON.stringify(transcript, null, 2) };
        case 'pdf':
          return { name: `${name}.pdf`, type: 'application/pdf', body: await toPdf(partsOf(transcript)) };
      }
    },
  };
}
