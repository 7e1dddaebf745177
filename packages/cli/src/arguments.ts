import { parseArgs } from 'node:util';
import { StartupError } from '@rapport/server/platform/startupError';

/** One file and options. Throws StartupError for anything else. */
export function fileAnd<const T extends Record<string, { type: 'string' | 'boolean' }>>(args: string[], options: T) {
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const [file] = positionals;
    if (file !== undefined && positionals.length === 1) return { file, values };
  } catch {
    // Said below.
  }
  throw new StartupError('These are not the arguments of this command.', 'Run `rapport help`.');
}
