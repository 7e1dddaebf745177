import pg from 'pg';
import { pino, type DestinationStream, type Logger } from 'pino';

export type { Logger };

const deepest = 3;

/**
 * What an error says, without what it quotes: parsers and databases repeat the text they could not take. Quoted text and
 * long runs that no person wrote (tokens, keys) go; ids stay.
 */
function scrub(text: string): string {
  return text
    .slice(0, 1000)
    .replace(/"[^"]*"?|“[^”]*”?|`[^`]*`?|(?<!\w)'[^']*'/g, '"…"')
    .replace(/(\w+:\/\/)[^\s/]*@/g, '$1…@')
    .replace(/[\w+/=-]{24,}/g, (run) => (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(run) ? run : '…'));
}

const framesOf = (error: Error): string[] => (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));

/** An error as it enters the log. A database's own words may be a row: what it names stays, what it says goes. */
function describe(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return typeof error === 'string' ? scrub(error) : undefined;
  const { code } = error as { code?: unknown };
  const place =
    error instanceof pg.DatabaseError
      ? { table: error.table, column: error.column, constraint: error.constraint, routine: error.routine }
      : { message: scrub(error.message) };
  return {
    type: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    ...place,
    stack: framesOf(error).join('\n'),
    ...(error.cause !== undefined && depth < deepest ? { cause: describe(error.cause, depth + 1) } : {}),
  };
}

/** Content never enters the log: bodies, texts, tokens and addresses of requests are not among what is logged anywhere. */
export const createLogger = (level: string, destination?: DestinationStream): Logger => {
  const options = {
    level,
    base: null,
    serializers: { err: describe },
    redact: {
      paths: ['req.headers.authorization', 'req.headers.cookie', '*.apiKey', '*.password', '*.token'],
      remove: true,
    },
  };
  return destination ? pino(options, destination) : pino(options);
};
