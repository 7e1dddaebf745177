/** What a store of files tells when it cannot do what it was asked; the cause stays in the log. */
export class BlobStoreError extends Error {
  readonly full: boolean;
  constructor(message: string, { full = false, cause }: { full?: boolean; cause?: unknown } = {}) {
    super(message, { cause });
    this.name = 'BlobStoreError';
    this.full = full;
  }
}

/** There is no such file. */
export class BlobMissing extends BlobStoreError {}

export interface StoredBlob {
  id: string;
  /** When it was written. */
  at: Date;
}

/**
 * Where sealed files lie. It sees ids and sealed bytes, never a name or content. Errors of `body` come through as they are;
 * its own are BlobStoreErrors.
 */
export interface BlobBackend {
  /** The whole file is durable when this returns; otherwise there is none. */
  write(orgId: string, id: string, body: AsyncIterable<Buffer>): Promise<void>;
  /** In pieces of any size. Throws BlobMissing. */
  read(orgId: string, id: string): Promise<AsyncIterable<Buffer>>;
  /** Also one that does not exist. */
  remove(orgId: string, id: string): Promise<void>;
  /** Everything of an organisation that lies there, half-written files included. */
  list(orgId: string): AsyncIterable<StoredBlob>;
  close(): Promise<void>;
}
