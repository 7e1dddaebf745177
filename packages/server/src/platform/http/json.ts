import { isUtf8 } from 'node:buffer';
import { AppError } from '../errors.ts';
import type { App } from './app.ts';

/** Deeper than anything of ours, and shallow enough for every tool that reads it afterwards. */
const maxDepth = 32;

/** Whether objects and arrays stand deeper in each other than `limit`. Looks at the bytes before anything is built of them. */
export function isDeeperThan(limit: number, json: Uint8Array): boolean {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at];
    if (inText) {
      if (byte === 0x5c) at += 1;
      else if (byte === 0x22) inText = false;
    } else if (byte === 0x22) inText = true;
    else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > limit) return true;
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1;
  }
  return false;
}

/**
 * Bodies are JSON in UTF-8, not too deep, without keys that reach for prototypes. Decoded without a look, broken bytes
 * would be stored as replacement characters, and what they were is lost.
 */
export function readJsonOnly(app: App) {
  const parse = app.getDefaultJsonParser('error', 'error');
  // A form of another web page may send text without being asked, JSON not.
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser(
    ['application/json', 'application/scim+json'],
    { parseAs: 'buffer' },
    (request, body: Buffer, done) => {
      if (!isUtf8(body)) return done(new AppError('malformed-utf8'));
      if (isDeeperThan(maxDepth, body))
        return done(new AppError('malformed-json', { detail: `The body nests deeper than ${maxDepth} levels.` }));
      void parse(request, body.toString(), done);
    },
  );
}
