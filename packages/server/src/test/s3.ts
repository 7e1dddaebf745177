import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

const accessKey = 'AKTEST';
const secretKey = 'a secret of the test';
const region = 'eu-test-1';
const bucket = 'rapport';

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const hex = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** AWS Signature Version 4 as its specification has it, written apart from what is tested. */
function isSigned(request: IncomingMessage, url: URL, body: Buffer): boolean {
  const { authorization = '' } = request.headers;
  const [, date, names, signature] =
    new RegExp(
      `^AWS4-HMAC-SHA256 Credential=${accessKey}/(\\d{8})/${region}/s3/aws4_request, SignedHeaders=([\\w;-]+), Signature=([0-9a-f]{64})$`,
    ).exec(authorization) ?? [];
  const at = String(request.headers['x-amz-date']);
  if (!date || !names || !at.startsWith(date) || request.headers['x-amz-content-sha256'] !== hex(body)) return false;
  const query = [...url.searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort();
  const headers = names.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}\n`);
  const canonical = [
    request.method,
    url.pathname
      .split('/')
      .map((part) => encode(decodeURIComponent(part)))
      .join('/'),
    query.join('&'),
    headers.join(''),
    names,
    hex(body),
  ].join('\n');
  const scope = `${date}/${region}/s3/aws4_request`;
  const key = hmac(hmac(hmac(hmac(`AWS4${secretKey}`, date), region), 's3'), 'aws4_request');
  const text = `AWS4-HMAC-SHA256\n${at}\n${scope}\n${hex(canonical)}`;
  return hmac(key, text).toString('hex') === signature;
}

/** As much of S3 as files need, over HTTP, refusing what is not signed. */
export async function startS3() {
  const objects = new Map<string, Buffer>();
  const uploads = new Map<string, Map<number, Buffer>>();
  const faults: number[] = [];
  const asked: string[] = [];

  const answer = (reply: ServerResponse, status: number, xml = '', headers = {}) =>
    reply.writeHead(status, { 'content-type': 'application/xml', ...headers }).end(xml);

  const list = (reply: ServerResponse, query: URLSearchParams) => {
    const after = query.get('continuation-token') ?? '';
    const keys = [...objects.keys()].filter((key) => key.startsWith(query.get('prefix') ?? '') && key > after).sort();
    const page = keys.slice(0, 2);
    const more = keys.length > 2 ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
    const rows = page.map(
      (key) => `<Contents><Key>${key}</Key><LastModified>2020-01-01T00:00:00Z</LastModified></Contents>`,
    );
    answer(reply, 200, `<ListBucketResult>${rows.join('')}${more}</ListBucketResult>`);
  };

  const ofUpload = (
    request: IncomingMessage,
    reply: ServerResponse,
    key: string,
    query: URLSearchParams,
    body: Buffer,
  ) => {
    const id = query.get('uploadId') ?? '';
    const parts = uploads.get(id);
    if (request.method === 'POST' && query.has('uploads')) {
      const made = `upload-${uploads.size + 1}+/=`;
      uploads.set(made, new Map());
      return answer(reply, 200, `<r><UploadId>${made}</UploadId></r>`);
    }
    if (!parts) return answer(reply, 404, '<Error><Code>NoSuchUpload</Code></Error>');
    if (request.method === 'DELETE') uploads.delete(id);
    else if (request.method === 'PUT') {
      parts.set(Number(query.get('partNumber')), body);
      return answer(reply, 200, '', { etag: `"${hex(body)}"` });
    } else {
      const wanted = [...String(body).matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>"([^"]+)"<\/ETag>/g)];
      const found = wanted.map(([, number]) => parts.get(Number(number)));
      const right = wanted.every(([, , tag], at) => tag === hex(found[at] ?? ''));
      if (!right) return answer(reply, 400, '<Error><Code>InvalidPart</Code></Error>');
      objects.set(key, Buffer.concat(found as Buffer[]));
      uploads.delete(id);
      return answer(reply, 200, '<r/>');
    }
    return answer(reply, 204);
  };

  const handle = async (request: IncomingMessage, reply: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://s3');
    const body = await buffer(request);
    asked.push(`${request.method} ${url.pathname}`);
    const fault = faults.shift();
    if (fault) return answer(reply, fault, '<Error><Code>SlowDown</Code></Error>');
    if (!isSigned(request, url, body)) return answer(reply, 403, '<Error><Code>SignatureDoesNotMatch</Code></Error>');
    const key = url.pathname.slice(bucket.length + 2);
    if (url.searchParams.has('list-type')) return list(reply, url.searchParams);
    if (url.searchParams.has('uploads') || url.searchParams.has('uploadId'))
      return ofUpload(request, reply, key, url.searchParams, body);
    if (request.method === 'PUT') objects.set(key, body);
    else if (request.method === 'DELETE') objects.delete(key);
    else {
      const found = objects.get(key);
      return found ? reply.writeHead(200).end(found) : answer(reply, 404, '<Error><Code>NoSuchKey</Code></Error>');
    }
    return answer(reply, request.method === 'PUT' ? 200 : 204);
  };

  const server = createServer((request, reply) => void handle(request, reply));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    config: { endpoint, bucket, region, accessKey, secretKey },
    objects,
    uploads,
    asked,
    /** The next answers. */
    fail: (...statuses: number[]) => faults.push(...statuses),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
