import * as XLSX from '@e965/xlsx';
import type { Archive } from '../archive.ts';
import { ExtractionFailure } from '../failure.ts';
import type { Draft, Source } from '../format.ts';
import { escapeBlock, table } from '../markdown.ts';
import { readProperties } from './properties.ts';

/** As shown: a date or an amount in the format of its cell. Only cells that are there count, whatever size the sheet claims. */
function rowsOf(sheet: XLSX.WorkSheet): string[][] {
  const rows: string[][] = [];
  const data = sheet['!data'] ?? [];
  for (const row of data) {
    const cells: string[] = [];
    row?.forEach((cell, at) => {
      if (at < 1000 && cell.t !== 'z') cells[at] = XLSX.utils.format_cell(cell);
    });
    rows.push(Array.from(cells, (text) => text ?? ''));
  }
  return rows;
}

export async function readXlsx({ bytes, limits, progress }: Source, archive: Archive): Promise<Draft> {
  await archive.verify();
  const book = XLSX.read(bytes, { dense: true, cellFormula: false, cellHTML: false, dateNF: 'yyyy-mm-dd' });
  if (book.SheetNames.length > limits.pages) throw new ExtractionFailure('too-many-parts');
  const parts: string[] = [];
  for (const [at, name] of book.SheetNames.entries()) {
    const sheet = book.Sheets[name];
    // What a person who opens the file does not see is no matter of it.
    if (!sheet || book.Workbook?.Sheets?.[at]?.Hidden) continue;
    const rows = table(rowsOf(sheet));
    if (rows !== '') parts.push(`# ${escapeBlock(name)}\n\n${rows}`);
    progress();
  }
  return { ...(await readProperties(archive, limits)), parts, paged: true };
}
