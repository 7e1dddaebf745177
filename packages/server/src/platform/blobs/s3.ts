import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { AwsClient } from 'aws4fetch';
import type { Outgoing } from '../net/outgoing.ts';
import { BlobMissing, BlobStoreError, type BlobBackend, type StoredBlob } from './backend.ts';

/** The least a part may have, but for the last (S3's rule is 5 MiB): so much of a file is in memory at a time. */
const partBytes = 8 * 1024 * 1024;
const askMs = 60_000;
const readMs = 600_000;
const attempts = 3;

export interface S3Config {
  endpoint: string;
  bucket: string;
  region: string;
  accessKey: string;
  secretKey: string;
}

interface Ask {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  key?: string;
  query?: Record<string, string>;
  body?: Buffer;
  timeoutMs?: number;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const keyOf = (orgId: string, id: string): string => {
  if (!uuid.test(orgId) || !uuid.test(id)) throw new Error('organisations and blobs are named by UUIDs');
  return `${orgId}/${id}`;
};

/** What stands in an element of S3's answers; ids, dates and tags need no more of XML than this. */
const valuesOf = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, value]) =>
    (value ?? '').replaceAll('&quot;', '"').replaceAll('&amp;', '&'),
  );

/** Signed requests, repeated where the store was busy or did not answer. */
function createAsk({ endpoint, bucket, region, accessKey, secretKey }: S3Config, outgoing: Outgoing) {
  const signer = new AwsClient({
    accessKeyId: accessKey,
    secretAccessKey: secretKey,
    region,
    service: 's3',
    retries: 0,
  });
  const base = `${endpoint.replace(/\/$/, '')}/${bucket}`;

  const once = async ({ method, key = '', query = {}, body, timeoutMs = askMs }: Ask) => {
    const url = `${base}${key ? `/${key}` : ''}?${new URLSearchParams(query).toString()}`.replace(/\?$/, '');
    const sum = createHash('sha256')
      .update(body ?? '')
      .digest('hex');
    const signed = await signer.sign(url, { method, headers: { 'x-amz-content-sha256': sum } });
    return outgoing.fetch(url, {
      method,
      headers: Object.fromEntries(signed.headers),
      body: body ?? null,
      signal: AbortSignal.timeout(timeoutMs),
    });
  };

  return async (ask: Ask) => {
    const what = `${ask.method} of the file store`;
    for (let attempt = 1; ; attempt += 1) {
      const answer = await once(ask).catch((error: unknown) => {
        if (attempt < attempts) return null;
        throw new BlobStoreError(`${what} failed: ${(error as Error).message}`, { cause: error });
      });
      if (answer?.ok) return answer;
      if (answer && (answer.status < 500 || attempt >= attempts)) {
        const code = valuesOf(await answer.text(), 'Code')[0] ?? '';
        const message = `${what} was answered ${answer.status} ${code}`;
        // Of a bucket that is not there nothing can be said of its files.
        if (answer.status === 404 && code !== 'NoSuchBucket') throw new BlobMissing(message);
        throw new BlobStoreError(message, { full: answer.status === 507 || /quota/i.test(code) });
      }
      await answer?.body?.cancel();
      await pause(200 * 2 ** attempt);
    }
  };
}

/** Pieces gathered to parts that may be sent. */
async function* partsOf(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let length = 0;
  for await (const piece of body) {
    waiting.push(piece);
    length += piece.length;
    if (length < partBytes) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(waiting);
}

/** A bucket of Amazon S3 or of what speaks like it (MinIO, Garage, Ceph …), one prefix per organisation. */
export function s3Backend(config: S3Config, outgoing: Outgoing): BlobBackend {
  const ask = createAsk(config, outgoing);

  /** A file of several parts appears when all of them are there, and not at all otherwise. */
  const writeParts = async (key: string, first: Buffer, rest: AsyncIterator<Buffer>) => {
    const begun = await ask({ method: 'POST', key, query: { uploads: '' } });
    const uploadId = valuesOf(await begun.text(), 'UploadId')[0];
    if (!uploadId) throw new BlobStoreError('the file store began no upload');
    try {
      const tags: string[] = [];
      for (let part: Buffer | undefined = first; part;) {
        const query = { partNumber: String(tags.length + 1), uploadId };
        const put = await ask({ method: 'PUT', key, query, body: part });
        await put.body?.cancel();
        tags.push(put.headers.get('etag') ?? '');
        const next: IteratorResult<Buffer> = await rest.next();
        part = next.done ? undefined : next.value;
      }
      const listed = tags.map((tag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${tag}</ETag></Part>`);
      const xml = `<CompleteMultipartUpload>${listed.join('')}</CompleteMultipartUpload>`;
      const done = await ask({ method: 'POST', key, query: { uploadId }, body: Buffer.from(xml) });
      // S3 may find out after it has answered 200.
      if (valuesOf(await done.text(), 'Code').length > 0) throw new BlobStoreError('the file store lost a part');
    } catch (error) {
      await ask({ method: 'DELETE', key, query: { uploadId } }).catch(() => {});
      throw error;
    }
  };

  return {
    async write(orgId, id, body) {
      const key = keyOf(orgId, id);
      const parts = partsOf(body);
      const first = await parts.next();
      const second = first.done ? first : await parts.next();
      if (second.done) {
        const put = await ask({ method: 'PUT', key, body: first.done ? Buffer.alloc(0) : first.value });
        await put.body?.cancel();
        return;
      }
      const rest = async function* () {
        yield second.value;
        yield* parts;
      };
      await writeParts(key, first.value as Buffer, rest());
    },

    async read(orgId, id) {
      const answer = await ask({ method: 'GET', key: keyOf(orgId, id), timeoutMs: readMs });
      const body = answer.body as AsyncIterable<Uint8Array> | null;
      return (async function* () {
        try {
          for await (const piece of body ?? []) yield Buffer.from(piece);
        } catch (error) {
          throw new BlobStoreError(`the file store broke off: ${(error as Error).message}`, { cause: error });
        }
      })();
    },

    async remove(orgId, id) {
      const answer = await ask({ method: 'DELETE', key: keyOf(orgId, id) }).catch((error: unknown) => {
        if (error instanceof BlobMissing) return null;
        throw error;
      });
      await answer?.body?.cancel();
    },

    async *list(orgId): AsyncGenerator<StoredBlob> {
      for (let token: string | undefined = ''; token !== undefined;) {
        const query: Record<string, string> = {
          'list-type': '2',
          prefix: `${orgId}/`,
          ...(token ? { 'continuation-token': token } : {}),
        };
        const xml: string = await (await ask({ method: 'GET', query })).text();
        const dates = valuesOf(xml, 'LastModified');
        for (const [at, key] of valuesOf(xml, 'Key').entries()) {
          const id = key.split('/').at(-1) ?? '';
          if (uuid.test(id)) yield { id, at: new Date(dates[at] ?? 0) };
        }
        token = valuesOf(xml, 'NextContinuationToken')[0];
      }
    },

    close: async () => {},
  };
}
