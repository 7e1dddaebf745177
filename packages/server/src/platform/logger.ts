import { pino, type Logger } from 'pino';

export type { Logger };

/** Content never enters the log: bodies, texts and tokens are not among the fields that are logged anywhere. */
export const createLogger = (level: string): Logger =>
  pino({
    level,
    base: null,
    redact: {
      paths: ['req.headers.authorization', 'req.headers.cookie', '*.apiKey', '*.password', '*.token'],
      remove: true,
    },
  });
