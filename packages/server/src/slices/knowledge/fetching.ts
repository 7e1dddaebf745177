import { refusalOf, type Outgoing } from '../../platform/net/outgoing.ts';
import { DocumentFailed } from './failures.ts';
import { cleanFileName } from './fileNames.ts';

const mostRedirects = 5;
const totalMs = 60_000;

const endings: Record<string, string> = {
  'text/html': '.html',
  'application/xhtml+xml': '.html',
  'text/plain': '.txt',
  'text/markdown': '.md',
  'text/csv': '.csv',
  'application/json': '.json',
  'application/pdf': '.pdf',
  'application/rtf': '.rtf',
  'application/epub+zip': '.epub',
};

/** What the address calls it, with the ending that its type says where it has none. */
function nameOf(url: string, type: string): string {
  const { hostname, pathname } = new URL(url);
  const last = pathname.split('/').at(-1) ?? '';
  const ending = endings[type.split(';')[0]?.trim().toLowerCase() ?? ''] ?? '';
  let decoded = last;
  try {
    decoded = decodeURIComponent(last);
  } catch {
    // A stray percent sign is part of the name.
  }
  const name = cleanFileName(decoded === '' ? hostname : decoded);
  return ending === '' || name.toLowerCase().endsWith(ending) ? name : `${name}${ending}`;
}

export interface FetchedPage {
  fileName: string;
  body: AsyncIterable<Buffer>;
}

async function* limited(body: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > most) throw new DocumentFailed('too-large');
    yield Buffer.from(piece);
  }
}

const asFailure = (error: unknown): DocumentFailed => {
  if (error instanceof DocumentFailed) return error;
  return new DocumentFailed(refusalOf(error) ? 'address-refused' : 'address-unreachable', error);
};

/**
 * Fetches a web address, following redirects, each of which is checked like the first. Throws DocumentFailed, also in the
 * middle of the body.
 */
export async function fetchPage(
  outgoing: Outgoing,
  address: string,
  { mostBytes, signal }: { mostBytes: number; signal: AbortSignal },
): Promise<FetchedPage> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(totalMs)]);
  try {
    let url = address;
    for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
      const answer = await outgoing.fetch(url, { redirect: 'manual', signal: until, headers: { accept: '*/*' } });
      const next = answer.headers.get('location');
      if (answer.status >= 300 && answer.status < 400 && next) {
        await answer.body?.cancel();
        url = new URL(next, url).href;
        if (!/^https?:/.test(url)) throw new DocumentFailed('address-failed');
        continue;
      }
      if (!answer.ok || !answer.body) {
        await answer.body?.cancel();
        throw new DocumentFailed('address-failed');
      }
      const body = answer.body as AsyncIterable<Uint8Array>;
      return {
        fileName: nameOf(url, answer.headers.get('content-type') ?? ''),
        body: (async function* () {
          try {
            yield* limited(body, mostBytes);
          } catch (error) {
            throw asFailure(error);
          }
        })(),
      };
    }
    throw new DocumentFailed('address-failed');
  } catch (error) {
    throw asFailure(error);
  }
}
