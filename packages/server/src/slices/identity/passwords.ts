import crypto from 'node:crypto';

// Node before 24.7 has no argon2; the hash names its method, so both live side by side.
const { argon2 } = crypto as Partial<Pick<typeof crypto, 'argon2'>>;
const size = 32;

type Method = 'argon2id' | 'scrypt';
/** argon2id: memory in KiB, passes, parallelism. scrypt: N, r, p. */
type Cost = readonly [number, number, number];

const costs: Record<Method, Cost> = { argon2id: [65_536, 3, 1], scrypt: [131_072, 8, 1] };
const preferred: Method = argon2 ? 'argon2id' : 'scrypt';

function derive(method: Method, cost: Cost, salt: Buffer, password: string): Promise<Buffer> {
  // The same password typed on two keyboards may arrive in two Unicode forms.
  const message = password.normalize('NFKC');
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, key: Buffer) => (error ? reject(error) : resolve(key));
    if (method === 'scrypt') {
      const [N, r, p] = cost;
      return crypto.scrypt(message, salt, size, { N, r, p, maxmem: 256 * N * r }, done);
    }
    if (!argon2)
      return reject(new Error('This password was stored by a newer Node: start Rapport with Node 24.7 or later.'));
    const [memory, passes, parallelism] = cost;
    argon2('argon2id', { message, nonce: salt, memory, passes, parallelism, tagLength: size }, done);
  });
}

/** `method$cost$cost$cost$salt$key`: all that is needed to check it years later. */
export async function hashPassword(password: string): Promise<string> {
  const salt = crypto.randomBytes(16);
  const key = await derive(preferred, costs[preferred], salt, password);
  return [preferred, ...costs[preferred], salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** With no hash it takes as long and answers false, so that the time does not tell which names exist. */
export async function verifyPassword(stored: string | null, password: string): Promise<boolean> {
  const [method, a, b, c, salt = '', key = ''] = (stored ?? '').split('$');
  if (method !== 'argon2id' && method !== 'scrypt') {
    await derive(preferred, costs[preferred], crypto.randomBytes(16), password);
    return false;
  }
  const expected = Buffer.from(key, 'base64url');
  const actual = await derive(method, [Number(a), Number(b), Number(c)], Buffer.from(salt, 'base64url'), password);
  return expected.length === actual.length && crypto.timingSafeEqual(expected, actual);
}
