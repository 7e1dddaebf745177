import type {
  Document,
  DocumentCreate,
  DocumentPatch,
  DocumentPlace,
  DocumentQuery,
  DocumentReplace,
  DocumentsChange,
  DocumentText,
} from '@rapport/protocol/knowledge';
import { asEventActor, requireStaff, type Actor, type StaffActor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { asRefusal, type Blobs, type WrittenBlob } from '../../platform/blobs/blobs.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database, Db, Tx } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { draft, type EventDraft } from '../../platform/events/store.ts';
import { newId } from '../../platform/ids.ts';
import type { BaseService } from './bases.service.ts';
import * as store from './documents.store.ts';
import { around } from './surroundings.ts';
import { titleOf, titleOfAddress } from './fileNames.ts';
import { dropParts } from './index.store.ts';
import { indexDocument, pageAt } from './indexing.ts';
import { indexAnew } from './reindex.ts';
import type { BaseLog } from './log.ts';
import * as queue from './queue.store.ts';
import { hasEvaluations } from './waiting.store.ts';

/** A file that lies in the store of files already. */
export interface StoredFile {
  fileName: string;
  blob: WrittenBlob;
}

/** What a new version is made of. */
type Material = { text: string } | { url: string } | { file: StoredFile };

export type DocumentService = ReturnType<typeof createDocumentService>;

export interface DocumentParts {
  db: Database;
  audit: Audit;
  blobs: Blobs;
  bases: BaseService;
  log: BaseLog;
  /** Something waits in the queue. */
  onQueued(): void;
}

const materialOf = ({ text, url }: DocumentReplace): Material =>
  text === undefined ? { url: url as string } : { text };

/** Of versions that nobody reads at present. */
const settled = ['waiting', 'ready', 'failed'];
const mostTags = 20;

const added = (tags: string[], more: string[]): string[] => {
  const all = [...new Set([...tags, ...more])];
  if (all.length <= mostTags) return all;
  const message = `A document would have more than ${mostTags} tags.`;
  throw new AppError('invalid-body', { errors: [{ pointer: '/tags', message }] });
};

/** Of what is shown with its surroundings, in UTF-16 units. */
const longestStretch = 4000;

export function createDocumentService({ db, audit, blobs, bases, log, onQueued }: DocumentParts) {
  const subjectsOf = (baseId: string, document: string | string[]) => ({ 'knowledge-base': baseId, document });

  const readFile = async (orgId: string, id: string) => {
    try {
      return await blobs.read(orgId, id);
    } catch (error) {
      throw asRefusal(error);
    }
  };

  const require = async (scope: Db, actor: Actor, baseId: string, id: string) => {
    const document = await store.findDocument(scope, actor.orgId, baseId, id, bases.publishes(actor));
    if (!document) throw notFound();
    return document;
  };

  const maySee = (actor: Actor, { published }: { published: boolean }): boolean => published || bases.publishes(actor);

  const requireReading = async (scope: Db, actor: Actor, id: string, version: number) => {
    const reading = await store.findReading(scope, actor.orgId, id, version);
    if (!reading || !maySee(actor, reading)) throw notFound();
    return reading;
  };

  interface Addition {
    baseId: string;
    language: string | null;
    id: string;
    title: string;
    version: number;
    waits: boolean;
  }

  /** Stores a version: pasted text is read at once, all else waits in the queue. */
  const putVersion = async (tx: Tx, actor: StaffActor, to: Addition, material: Material) => {
    const { orgId, userId } = actor;
    const { baseId, language, id, title, version, waits } = to;
    if ('text' in material) {
      const { text } = material;
      const state = waits ? 'waiting' : 'ready';
      await queue.insertRead(tx, orgId, id, { version, state, text, createdBy: userId });
      await indexDocument(tx, orgId, baseId, id, { title, text, pages: null, language }, waits);
      return;
    }
    const file = 'file' in material ? material.file : null;
    if (file) await blobs.keep(tx, orgId, file.blob);
    await store.insertVersion(tx, orgId, id, {
      version,
      source: file ? 'file' : 'url',
      origin: { fileName: file?.fileName ?? null, url: 'url' in material ? material.url : null },
      blobId: file?.blob.id ?? null,
      bytes: file?.blob.bytes ?? 0,
      createdBy: userId,
    });
    await store.nameNewest(tx, orgId, id, version);
    tx.afterCommit(onQueued);
  };

  const told = (actor: StaffActor, document: Document) => {
    const { id: documentId, version, title, state, chunkCount } = document;
    const added = draft('document.added', 'staff', asEventActor(actor), { documentId, version, title, state });
    if (state !== 'ready') return [added];
    return [added, draft('document.ready', 'staff', asEventActor(actor), { documentId, version, title, chunkCount })];
  };

  interface NewDocument {
    title: string;
    material: Material;
  }

  const add = async (actor: Actor, baseId: string, place: DocumentPlace, all: NewDocument[]): Promise<Document[]> => {
    const { roomId, language } = await bases.require(actor, baseId);
    requireStaff(actor);
    const made = all.map((one) => ({ ...one, id: newId() }));
    const subjects = subjectsOf(
      baseId,
      made.map(({ id }) => id),
    );
    return audit.acting(actor, 'knowledge.changed', subjects, async (tx) => {
      const documents: Document[] = [];
      for (const { id, title, material } of made) {
        await store.insertDocument(tx, actor.orgId, baseId, { id, title, ...place });
        await putVersion(tx, actor, { baseId, language, id, title, version: 1, waits: false }, material);
        documents.push(await require(tx, actor, baseId, id));
      }
      const events = documents.flatMap((document) => told(actor, document));
      await log.append(tx, actor.orgId, roomId, events);
      return documents;
    });
  };

  const replace = async (actor: Actor, baseId: string, id: string, material: Material): Promise<Document> => {
    const { roomId, language } = await bases.require(actor, baseId);
    requireStaff(actor);
    const { orgId } = actor;
    return audit.acting(actor, 'knowledge.changed', subjectsOf(baseId, id), async (tx) => {
      const known = await store.lockDocument(tx, orgId, baseId, id);
      if (!known) throw notFound();
      await queue.giveWay(tx, orgId, id);
      await dropParts(tx, orgId, id, true);
      const version = known.last_version + 1;
      const waits = known.ready_version !== null && (await hasEvaluations(tx, orgId, baseId));
      await putVersion(tx, actor, { baseId, language, id, title: known.title, version, waits }, material);
      const document = await require(tx, actor, baseId, id);
      await log.append(tx, orgId, roomId, told(actor, document));
      return document;
    });
  };

  const removeOne = (actor: Actor, baseId: string, roomId: string, id: string): Promise<void> =>
    audit.acting(actor, 'knowledge.changed', subjectsOf(baseId, id), async (tx) => {
      if ((await store.deleteDocument(tx, actor.orgId, baseId, id)) === 0) throw notFound();
      const gone = draft('document.deleted', 'staff', asEventActor(actor), { documentId: id });
      await log.append(tx, actor.orgId, roomId, [gone]);
    });

  return {
    /** Pasted text can be searched when this returns; an address is fetched later. Throws `not-found`. */
    async add(actor: Actor, baseId: string, body: DocumentCreate): Promise<Document> {
      const { folder, tags, title } = body;
      const material = materialOf(body);
      const name = title ?? ('url' in material ? titleOfAddress(material.url) : '');
      const [document] = await add(actor, baseId, { folder, tags }, [{ title: name, material }]);
      return document as Document;
    },

    /** Files that were stored before become documents, all or none. Throws `not-found`. */
    addFiles: (actor: Actor, baseId: string, place: DocumentPlace, files: StoredFile[]): Promise<Document[]> =>
      add(
        actor,
        baseId,
        place,
        files.map((file) => ({ title: titleOf(file.fileName), material: { file } })),
      ),

    /** The version before stays readable, and is searched until this one is ready. Throws `not-found`. */
    replace: (actor: Actor, baseId: string, id: string, body: DocumentReplace): Promise<Document> =>
      replace(actor, baseId, id, materialOf(body)),

    /** As `replace`, with a file that was stored before. */
    replaceByFile: (actor: Actor, baseId: string, id: string, file: StoredFile): Promise<Document> =>
      replace(actor, baseId, id, { file }),

    /** With the text of a version, or of the one that is ready. Throws `not-found`. */
    async get(actor: Actor, baseId: string, id: string, version?: number): Promise<DocumentText> {
      await bases.require(actor, baseId);
      const { orgId } = actor;
      const document = await require(db.in(orgId), actor, baseId, id);
      const textVersion = version ?? document.readyVersion;
      if (textVersion === null) return { ...document, text: '', textVersion, textFormat: null, pageStarts: null };
      const reading = await requireReading(db.in(orgId), actor, id, textVersion);
      const { text, pages: pageStarts, format: textFormat } = reading;
      return { ...document, text, textVersion, textFormat, pageStarts };
    },

    /** What stands around a stretch of the version that is ready. Throws `not-found`. */
    async surroundings(actor: Actor, baseId: string, id: string, stretch: { start: number; end: number }) {
      await bases.require(actor, baseId);
      const { orgId } = actor;
      const { readyVersion } = await require(db.in(orgId), actor, baseId, id);
      if (readyVersion === null) throw notFound();
      const { text, pages, format } = await requireReading(db.in(orgId), actor, id, readyVersion);
      const from = Math.min(stretch.start, text.length);
      const to = Math.min(Math.max(stretch.end, from), from + longestStretch, text.length);
      const { start, end } = around(text, [from, to]);
      return { text: text.slice(start, end), start, end, page: pageAt(pages, from), version: readyVersion, format };
    },

    /** Newest first. Throws `not-found`. */
    async list(
      actor: Actor,
      baseId: string,
      query: DocumentQuery,
    ): Promise<{ items: Document[]; next: string | null }> {
      await bases.require(actor, baseId);
      const [before = null] = decodeCursor(query.cursor, 1) ?? [];
      const { orgId } = actor;
      const filter = { ...query, publisher: bases.publishes(actor) };
      const rows = await store.listDocuments(db.in(orgId), orgId, baseId, filter, before, query.limit + 1);
      return toPage(
        rows,
        query.limit,
        (d) => d,
        (d) => encodeCursor(d.id),
      );
    },

    /** What was given: the file, or the text that was pasted. Throws `not-found`. */
    async file(actor: Actor, baseId: string, id: string, version?: number) {
      await bases.require(actor, baseId);
      const { orgId } = actor;
      const document = await require(db.in(orgId), actor, baseId, id);
      const wanted = version ?? document.version;
      const file = await store.findFile(db.in(orgId), orgId, id, wanted);
      if (!file || !maySee(actor, file) || (file.blobId === null && file.source !== 'text')) throw notFound();
      if (file.blobId === null) {
        const { text } = await requireReading(db.in(orgId), actor, id, wanted);
        return { name: `${document.title}.md`, content: text, bytes: null };
      }
      const { fileName, blobId, bytes } = file;
      return { name: fileName ?? document.title, content: await readFile(orgId, blobId), bytes };
    },

    /** Renames, moves or tags it. A new title is searched from now on. Throws `not-found`. */
    async change(actor: Actor, baseId: string, id: string, patch: DocumentPatch): Promise<Document> {
      const { roomId } = await bases.require(actor, baseId);
      requireStaff(actor);
      const { orgId } = actor;
      return audit.acting(actor, 'knowledge.changed', subjectsOf(baseId, id), async (tx) => {
        const known = await store.lockDocument(tx, orgId, baseId, id);
        if (!known) throw notFound();
        const before = await require(tx, actor, baseId, id);
        const place = {
          title: patch.title ?? before.title,
          folder: patch.folder ?? before.folder,
          tags: patch.tags ?? before.tags,
        };
        await store.updatePlace(tx, orgId, id, place);
        if (place.title !== before.title) await indexAnew(tx, orgId, id);
        const changed = draft('document.changed', 'staff', asEventActor(actor), { documentId: id, ...place });
        await log.append(tx, orgId, roomId, [changed]);
        return require(tx, actor, baseId, id);
      });
    },

    /** Reads the newest version again. Throws `not-found`, `wrong-state` while it is being read. */
    async reprocess(actor: Actor, baseId: string, id: string): Promise<Document> {
      const { roomId } = await bases.require(actor, baseId);
      requireStaff(actor);
      const { orgId } = actor;
      return audit.acting(actor, 'knowledge.changed', subjectsOf(baseId, id), async (tx) => {
        const known = await store.lockDocument(tx, orgId, baseId, id);
        if (!known) throw notFound();
        if (!settled.includes(known.state)) {
          throw new AppError('wrong-state', { detail: 'It is being read already.' });
        }
        await queue.requeue(tx, orgId, id, known.version);
        await dropParts(tx, orgId, id, true);
        const data = { documentId: id, version: known.version, state: 'queued', fraction: null } as const;
        await log.append(tx, orgId, roomId, [draft('document.progress', 'staff', asEventActor(actor), data)]);
        tx.afterCommit(onQueued);
        return require(tx, actor, baseId, id);
      });
    },

    /** It is gone from the next answer, and so are its files. Throws `not-found`. */
    async remove(actor: Actor, baseId: string, id: string): Promise<void> {
      const { roomId } = await bases.require(actor, baseId);
      await removeOne(actor, baseId, roomId, id);
      await blobs.collect(actor.orgId);
    },

    /** Moves or tags them all at once, or deletes them one after the other. Throws `not-found`, `invalid-body` for too many tags. */
    async changeMany(actor: Actor, baseId: string, change: DocumentsChange): Promise<{ documentIds: string[] }> {
      const { roomId } = await bases.require(actor, baseId);
      requireStaff(actor);
      const { orgId } = actor;
      const ids = await store.existing(db.in(orgId), orgId, baseId, change.documentIds);
      if (change.action === 'delete') {
        // One a transaction: what each takes out of the index is locked for the others.
        for (const id of ids) await removeOne(actor, baseId, roomId, id);
        await blobs.collect(orgId);
        return { documentIds: ids };
      }
      return audit.acting(actor, 'knowledge.changed', subjectsOf(baseId, ids), async (tx) => {
        const events: EventDraft[] = [];
        for (const id of ids) {
          if (!(await store.lockDocument(tx, orgId, baseId, id))) throw notFound();
          const { title, folder, tags } = await require(tx, actor, baseId, id);
          const place =
            change.action === 'move' ? { folder: change.folder, tags } : { folder, tags: added(tags, change.tags) };
          await store.updatePlace(tx, orgId, id, { title, ...place });
          events.push(draft('document.changed', 'staff', asEventActor(actor), { documentId: id, title, ...place }));
        }
        await log.append(tx, orgId, roomId, events);
        return { documentIds: ids };
      });
    },
  };
}
