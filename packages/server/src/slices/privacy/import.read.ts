import { createHash } from 'node:crypto';
import { eventData, type EventType } from '@rapport/protocol/events';
import { PersonArchive, type PersonSession } from '@rapport/protocol/person';
import { z } from 'zod';
import { AppError } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { BadZip, readZip } from '../../platform/zip/zip.ts';

/** Of the archive as it is sent. */
export const archiveBytes = 32 * 1024 * 1024;

const limits = {
  names: ['manifest.json', 'person.json', 'person.md', 'person.pdf'],
  fileBytes: 128 * 1024 * 1024,
  ratio: 150,
};

const Manifest = z.strictObject({
  format: z.literal('rapport-person'),
  version: z.literal(1),
  sha256: z.record(z.string(), z.string()),
});

const refuse = (detail: string): never => {
  throw new AppError('invalid-archive', { detail });
};

function parse<T extends z.ZodType>(name: string, schema: T, body: Buffer | undefined): z.output<T> {
  if (!body) return refuse(`${name} is missing from the archive.`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return refuse(`${name} is not JSON.`);
  }
  const parsed = schema.safeParse(json);
  const issue = parsed.error?.issues[0];
  if (parsed.success) return parsed.data;
  // Our own sentences are for people; those of the validator are not.
  const why = issue?.code === 'custom' ? issue.message : 'not as Rapport exports it.';
  return refuse(`${name}${issue?.path.length ? `, ${issue.path.join('/')}` : ''}: ${why}`);
}

function checkSession(session: PersonSession, at: number): void {
  const once = (what: string, values: (string | number)[]) => {
    if (new Set(values).size !== values.length) refuse(`person.json, sessions/${at}: ${what} stands twice.`);
  };
  once(
    'the number of a message',
    session.messages.map((m) => m.seq),
  );
  once(
    'the number of an event',
    session.events.map((e) => e.seq),
  );
  for (const [i, event] of session.events.entries()) {
    const where = `person.json, sessions/${at}/events/${i}`;
    if (!Object.hasOwn(eventData, event.type)) refuse(`${where}: unknown kind of event.`);
    const data = eventData[event.type as EventType].safeParse(event.data);
    if (!data.success) refuse(`${where}: not as Rapport exports it.`);
    else event.data = data.data;
  }
}

/** Older archives name neither goals nor questionnaires. */
const named = (all: { id?: string | undefined }[] = []): string[] => all.flatMap(({ id }) => id ?? []);

/** Reads and checks an archive that may come from anybody. Throws `invalid-archive` with what is wrong. */
export async function readPersonArchive(bytes: Buffer): Promise<PersonArchive> {
  const files = await readZip(bytes, limits).catch((error: unknown) => {
    if (error instanceof BadZip) return refuse(error.message);
    throw error;
  });
  const manifest = parse('manifest.json', Manifest, files.get('manifest.json'));
  for (const [name, body] of files) {
    if (name === 'manifest.json') continue;
    const sum = createHash('sha256').update(body).digest('hex');
    if (manifest.sha256[name] !== sum)
      refuse(`${name} is not what the manifest says: the archive was changed or damaged.`);
  }
  const archive = parse('person.json', PersonArchive, files.get('person.json'));
  archive.sessions.forEach(checkSession);
  const threads = named(archive.client?.threads);
  const ids = [
    ...archive.sessions.flatMap((s) => [
      s.id,
      ...[...s.messages, ...s.guidance, ...s.replies].map((one) => one.id),
      ...named(s.questionnaires),
    ]),
    ...threads,
    ...named(archive.client?.goals),
    ...named(archive.client?.questionnaires),
  ];
  if (new Set(ids).size !== ids.length) refuse('person.json: an id stands twice.');
  if (archive.sessions.some(({ threadId }) => threadId !== null && !threads.includes(threadId)))
    refuse('person.json: a session continues a thread that is not there.');
  return archive;
}

/** Fields that hold ids of the record itself. What a citation points at belongs to another organisation's material. */
const idFields = new Set([
  'id',
  'messageId',
  'replyId',
  'replyTo',
  'replaces',
  'guidanceId',
  'sessionId',
  'questionnaireId',
  'threadId',
  'goalIds',
]);
const notOurs = new Set(['citations', 'engine']);

/** The archive under new ids, the same one for the same old one: nothing of where it came from can be addressed by them. */
export function withNewIds(archive: PersonArchive): PersonArchive {
  const fresh = new Map<string, string>();
  const renew = (id: string): string => {
    const known = fresh.get(id) ?? newId();
    fresh.set(id, known);
    return known;
  };
  // Sessions are listed in the order of their ids, and a report may name a later one before an earlier.
  for (const { id } of archive.sessions) renew(id);
  const walk = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return idFields.has(key) ? renew(value) : value;
    if (Array.isArray(value)) return value.map((one) => walk(one, key));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, notOurs.has(name) ? one : walk(one, name)]),
    );
  };
  return walk(archive, '') as PersonArchive;
}
