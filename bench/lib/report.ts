import { cpus, totalmem } from 'node:os';

export type Row = Record<string, string | number>;

/** Prints the figures: a table for people, with `--json` one object for programs. */
export function report(name: string, rows: Row[], notes: string[] = []): void {
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ name, machine, at: new Date().toISOString(), rows, notes }, null, 2));
    return;
  }
  console.log(`${name} — ${machine}`);
  console.table(rows);
  for (const note of notes) console.log(note);
}
