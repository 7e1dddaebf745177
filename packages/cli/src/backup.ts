import { makeConfig, type Config } from '@rapport/server/config/config';
import { readEnv } from '@rapport/server/config/env';
import { BlobStoreError, type BlobBackend } from '@rapport/server/platform/blobs/backend';
import { backUp } from '@rapport/server/platform/db/backup/backup';
import { restore } from '@rapport/server/platform/db/backup/restore';
import { findRunning, startEmbedded } from '@rapport/server/platform/db/embedded';
import { prepareDatabase } from '@rapport/server/platform/db/prepare';
import { scrubTables } from '@rapport/server/platform/db/scrub';
import { loadMasterKeys } from '@rapport/server/platform/keys/masterKeys';
import { StartupError } from '@rapport/server/platform/startupError';
import { outgoingFor, storeOf } from '@rapport/server/services.platform';
import { clientTables, createReplay } from '@rapport/server/slices/privacy/restoring';
import { fileAnd } from './arguments.ts';

type Owner = Parameters<typeof prepareDatabase>[0];

/** `shared`: a database that a server has running will do; otherwise the embedded one is started for this alone. */
async function withOwner<T>(config: Config, shared: boolean, work: (owner: Owner) => Promise<T>): Promise<T> {
  if (config.databaseUrl) return work({ connectionString: config.databaseUrl });
  const running = shared ? await findRunning(config.dataDir) : undefined;
  if (running) return work(running);
  const log = { info: () => {}, warn: console.warn, error: console.error };
  const embedded = await startEmbedded({ dataDir: config.dataDir, log });
  return work(embedded.poolConfig).finally(() => embedded.stop());
}

/** With the folder or the bucket that the server keeps its files in. */
async function withFiles<T>(config: Config, work: (files: BlobBackend) => Promise<T>): Promise<T> {
  const outgoing = outgoingFor(config);
  const files = storeOf(config, outgoing);
  try {
    return await work(files);
  } catch (error) {
    if (!(error instanceof BlobStoreError)) throw error;
    const place = config.files.s3 ? 'RAPPORT_S3_ENDPOINT and what follows it' : 'RAPPORT_FILES_DIR';
    throw new StartupError(`The files: ${error.message}.`, `Look at ${place}; nothing was changed.`, error);
  } finally {
    await files.close();
    await outgoing.close();
  }
}

export async function backUpTo(args: string[]): Promise<number> {
  const { file, values } = fileAnd(args, { keys: { type: 'string' }, 'with-keys': { type: 'boolean' } });
  if (values.keys !== undefined && values['with-keys']) {
    throw new StartupError('The keys go into one place only.', 'Give --keys FILE or --with-keys, not both.');
  }
  const keys = values['with-keys'] ? 'inside' : values.keys === undefined ? 'left out' : { file: values.keys };
  const config = makeConfig(readEnv());
  const { tables, files } = await withFiles(config, (store) =>
    withOwner(config, true, (owner) => backUp({ owner, file, keys, files: store })),
  );
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  console.log(`${rows} rows of ${tables.length} tables and ${files.length} files are in ${file}`);
  if (typeof keys === 'object') console.log(`The wrapped keys are in ${keys.file}. Keep it apart, and not for long.`);
  else if (keys === 'left out') {
    console.log('It holds no keys: it can be restored where they still are, or with a file of keys (--keys FILE).');
  }
  console.log('The master key is in no backup. Keep a copy of it in another place.');
  return 0;
}

export async function restoreFrom(args: string[]): Promise<number> {
  const { file, values } = fileAnd(args, { keys: { type: 'string' }, replace: { type: 'boolean' } });
  const config = makeConfig(readEnv());
  const master = await loadMasterKeys(config);
  const replay = createReplay(config.dataDir);
  const restored = async (owner: Owner, store: BlobBackend) => {
    const manifest = await restore({
      owner,
      file,
      keyFile: values.keys,
      replace: values.replace ?? false,
      knowsMasterKey: (id) => master.find(id) !== undefined,
      files: store,
      before: replay.before,
      after: replay.after,
    });
    await prepareDatabase(owner);
    return { madeAt: manifest.madeAt, files: await scrubTables(owner, clientTables) };
  };
  const { madeAt, files } = await withFiles(config, (store) =>
    withOwner(config, false, (owner) => restored(owner, store)),
  );
  console.log(`The database is as it was at ${madeAt}.`);
  if (replay.result.erased > 0) console.log(`${replay.result.erased} who were erased since were erased again.`);
  if (files.postponed.length > 0) console.log(`Too large to be written anew now: ${files.postponed.join(', ')}.`);
  return 0;
}
