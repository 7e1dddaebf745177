import { readFile, stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { ExtractionFailure, toFailure } from './failure.ts';
import type { Extracted } from './format.ts';
import type { Job, Report } from './protocol.ts';
import { readDocument } from './read.ts';

const progressMs = 250;

const tell = (report: Report) => void process.send?.(report);

async function read({ path, name, limits }: Job): Promise<Extracted> {
  const { size } = await stat(path);
  if (size === 0) throw new ExtractionFailure('empty');
  if (size > limits.fileBytes) throw new ExtractionFailure('too-large');
  let told = 0;
  const progress = () => {
    if (performance.now() - told < progressMs) return;
    told = performance.now();
    tell({ type: 'progress' });
  };
  return readDocument(name, { bytes: await readFile(path), limits, progress });
}

process.on('message', (job: Job) => {
  read(job).then(
    (extracted) => tell({ type: 'done', extracted }),
    (error: unknown) => {
      const { reason, detail } = toFailure(error);
      tell({ type: 'failed', reason, detail });
    },
  );
});
process.on('disconnect', () => process.exit(0));
// While a parser runs, nothing here would hear that the server is gone.
new Worker(new URL('./extract.guard.ts', import.meta.url)).unref();
