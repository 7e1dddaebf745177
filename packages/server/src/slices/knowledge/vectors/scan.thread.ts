import { parentPort } from 'node:worker_threads';
import { createMatrix, type Hidden, type Matrix, type NewBlock, type Scanned } from './matrix.ts';

/** What the thread that holds the vectors is asked; a matrix is named by its key. */
export type ScanTask =
  | { do: 'add'; key: string; dimensions: number; blocks: NewBlock[] }
  | { do: 'drop'; key: string; ids: string[] }
  | { do: 'forget'; key: string }
  | { do: 'scan'; key: string; question: Float32Array; hidden: Hidden; limit: number; marked: Set<number> };

export interface ScanAnswer {
  id: number;
  scanned: Scanned;
}

const nothing: Scanned = { hits: [], pairs: { marked: 0, others: 0, nearer: 0 } };
const matrices = new Map<string, Matrix>();

function work(task: ScanTask): Scanned {
  const known = matrices.get(task.key);
  if (task.do === 'scan') return known?.scan(task.question, task.hidden, task.limit, task.marked) ?? nothing;
  if (task.do === 'forget') matrices.delete(task.key);
  if (task.do === 'drop') for (const id of task.ids) known?.drop(id);
  if (task.do === 'add') {
    const matrix = known ?? createMatrix(task.dimensions);
    matrices.set(task.key, matrix);
    for (const block of task.blocks) matrix.add(block);
  }
  return nothing;
}

parentPort?.on('message', ({ id, task }: { id: number; task: ScanTask }) => {
  parentPort?.postMessage({ id, scanned: work(task) } satisfies ScanAnswer);
});
