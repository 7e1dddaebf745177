import { DocumentPlace, type Document } from '@rapport/protocol/knowledge';
import type { Actor } from '../../platform/actor.ts';
import type { Blobs } from '../../platform/blobs/blobs.ts';
import { AppError } from '../../platform/errors.ts';
import type { BaseService } from './bases.service.ts';
import type { DocumentService, StoredFile } from './documents.service.ts';
import { cleanFileName } from './fileNames.ts';

/** One part of a form as it arrives. */
export type UploadPart =
  { kind: 'field'; name: string; value: string } | { kind: 'file'; fileName: string; content: AsyncIterable<Buffer> };

export interface UploadLimits {
  /** Of one file. */
  fileBytes: number;
  /** In one request. */
  files: number;
}

interface Received {
  files: StoredFile[];
  folder: string | undefined;
  tags: string[];
}

const invalid = (pointer: string, message: string) =>
  new AppError('invalid-body', { detail: `${pointer}: ${message}`, errors: [{ pointer, message }] });

function placeOf({ folder, tags }: Received): DocumentPlace {
  const place = DocumentPlace.safeParse({ folder, tags });
  if (place.success) return place.data;
  const issue = place.error.issues[0];
  throw invalid(`/${issue?.path.join('/') ?? ''}`, issue?.message ?? 'not valid');
}

/** Files on their way in: streamed into the store of files while they arrive, and all of them let go if one fails. */
export function createUploads({
  blobs,
  bases,
  documents,
  limits,
}: {
  blobs: Blobs;
  bases: BaseService;
  documents: DocumentService;
  limits: UploadLimits;
}) {
  const receive = async (orgId: string, parts: AsyncIterable<UploadPart>, into: Received): Promise<void> => {
    for await (const part of parts) {
      if (part.kind === 'file') {
        const blob = await blobs.write(orgId, part.content);
        into.files.push({ fileName: cleanFileName(part.fileName), blob });
      } else if (part.name === 'folder') into.folder = part.value;
      else if (part.name === 'tags') into.tags.push(part.value);
      else throw invalid(`/${part.name.slice(0, 100)}`, 'There is no such field.');
    }
  };

  /** What was received is kept by `use`, or goes. */
  const withFiles = async <T>(
    actor: Actor,
    parts: AsyncIterable<UploadPart>,
    use: (received: Received) => Promise<T>,
  ): Promise<T> => {
    const received: Received = { files: [], folder: undefined, tags: [] };
    try {
      await receive(actor.orgId, parts, received);
      return await use(received);
    } catch (error) {
      await blobs.discard(
        actor.orgId,
        received.files.map(({ blob }) => blob.id),
      );
      throw error;
    }
  };

  return {
    limits,

    /** Throws `not-found`, `invalid-body` for a form without a file, `too-large`, `files-unavailable`. */
    async add(actor: Actor, baseId: string, parts: AsyncIterable<UploadPart>): Promise<Document[]> {
      await bases.require(actor, baseId);
      return withFiles(actor, parts, (received) => {
        if (received.files.length === 0) throw invalid('/files', 'Send at least one file.');
        return documents.addFiles(actor, baseId, placeOf(received), received.files);
      });
    },

    /** A new version of a document, from one file. Throws as `add`. */
    async replace(actor: Actor, baseId: string, id: string, parts: AsyncIterable<UploadPart>): Promise<Document> {
      await documents.get(actor, baseId, id);
      return withFiles(actor, parts, ({ files: [file, ...more] }) => {
        if (!file || more.length > 0) throw invalid('/files', 'Send one file.');
        return documents.replaceByFile(actor, baseId, id, file);
      });
    },
  };
}
