/** Why the server cannot start, in one sentence, and what a person can do about it. Printed without a stack. */
export class StartupError extends Error {
  readonly wayOut: string;

  constructor(message: string, wayOut: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'StartupError';
    this.wayOut = wayOut;
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** Words a file system failure for the person who can mend it; anything else is returned as it came. */
export function explainDiskError(error: unknown, path: string): unknown {
  if (error instanceof StartupError) return error;
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return diskFull(path, error);
    case 'EACCES':
    case 'EPERM':
      return new StartupError(
        `This user may not write to ${path}.`,
        'Give the user that runs Rapport that folder, or set RAPPORT_DATA_DIR to a folder of its own.',
        error,
      );
    case 'EROFS':
      return new StartupError(`${path} is on a read-only disk.`, 'Set RAPPORT_DATA_DIR to a writable folder.', error);
    case 'ENOENT':
      return new StartupError(
        `The folder ${path} cannot be made.`,
        'Set RAPPORT_DATA_DIR to a folder on a disk that can be written to.',
        error,
      );
    case 'ENOTDIR':
    case 'EEXIST':
      return new StartupError(
        `${path} cannot be used as a data directory, because a file is in its place.`,
        'Move that file away, or set RAPPORT_DATA_DIR to another folder.',
        error,
      );
    default:
      return error;
  }
}

export const diskFull = (path: string, cause?: unknown) =>
  new StartupError(
    `The disk that holds ${path} is full.`,
    'Free at least 200 MB on it, or set RAPPORT_DATA_DIR to a folder on another disk; nothing stored is lost.',
    cause,
  );
