import type { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { filePolicy } from './headers.ts';

export interface FileToSend {
  name: string;
  type: string;
  body: string | Buffer | Readable;
}

/** Letters of other scripts travel beside a name that every browser understands (RFC 6266). */
function disposition(name: string): string {
  // eslint-disable-next-line no-control-regex -- a line break in a header would begin another one
  const clean = name.replace(/[\u0000-\u001f\u007f"\\/:*?<>|]/g, '_').slice(0, 200);
  const ascii = clean.replace(/[^\x20-\x7e]/g, '_');
  const more =
    ascii === clean ? '' : `; filename*=UTF-8''${encodeURIComponent(clean.toWellFormed()).replace(/'/g, '%27')}`;
  return `attachment; filename="${ascii}"${more}`;
}

/**
 * The way of every file that holds what people wrote: to be saved, of no other type than it says, and, should a browser
 * open it all the same, without scripts and without this server's origin.
 */
export const sendFile = (reply: FastifyReply, { name, type, body }: FileToSend): FastifyReply =>
  reply
    .header('content-disposition', disposition(name))
    .header('content-security-policy', filePolicy)
    .header('x-content-type-options', 'nosniff')
    .header('cache-control', 'no-store')
    .type(type)
    .serializer(asIs)
    .send(body);

const asIs = (body: unknown) => body as string;
