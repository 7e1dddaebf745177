import { TextDecoder } from 'node:util';
import { detect } from 'chardet';

const sampleBytes = 64 * 1024;

/** Null for a name that nobody knows. */
function decoder(label: string, fatal = false): TextDecoder | null {
  try {
    return new TextDecoder(label, { fatal });
  } catch {
    return null;
  }
}

function byMark(bytes: Buffer): string | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 'utf-8' : null;
}

/** Western text in UTF-16 has a zero in every other byte. */
function byZeros(sample: Buffer): string | null {
  const zeros = [0, 0];
  sample.forEach((byte, at) => {
    if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1;
  });
  const [even = 0, odd = 0] = zeros;
  const most = sample.length / 5;
  if (odd > most && even < most / 10) return 'utf-16le';
  return even > most && odd < most / 10 ? 'utf-16be' : null;
}

const controls = (sample: Buffer): number =>
  sample.reduce((count, byte) => count + (byte < 32 && ![9, 10, 12, 13, 27].includes(byte) ? 1 : 0), 0);

/** As text, in the encoding that it declares or looks like; null for what is no text. */
export function decode(bytes: Buffer, declared: string | null = null): string | null {
  const sample = bytes.subarray(0, sampleBytes);
  const wide = byMark(bytes) ?? byZeros(sample);
  if (wide) return decoder(wide)?.decode(bytes) ?? null;
  if (sample.includes(0) || controls(sample) > sample.length / 200) return null;
  try {
    return decoder('utf-8', true)?.decode(bytes) ?? null;
  } catch {
    // What is no UTF-8 is what it declares, or what its letters look like.
    const known = (declared && decoder(declared)) || decoder(detect(sample) ?? 'windows-1252');
    return (known ?? new TextDecoder('windows-1252')).decode(bytes);
  }
}

/** The encoding that a page of HTML or XML names in its first kilobyte. */
export const declaredIn = (bytes: Buffer): string | null =>
  /(?:charset|encoding)\s*=\s*["']?([\w.:-]+)/i.exec(bytes.subarray(0, 1024).toString('latin1'))?.[1] ?? null;
