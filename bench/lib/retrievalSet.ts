import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface SetDocument {
  id: string;
  title: string;
  text: string;
  /** Documents of different groups are searched apart. */
  group: string;
}

export interface SetQuery {
  id: string;
  text: string;
  group: string;
  /** How relevant which documents are. */
  relevant: Map<string, number>;
}

interface Line {
  id?: string;
  _id?: string;
  title?: string;
  text: string;
  conv?: string;
  speaker?: string;
  date?: string;
}

export const readLines = <T>(file: string): T[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as T);

const idOf = ({ id, _id }: Line): string => id ?? _id ?? '';

/** What a turn of a conversation says, with who said it and when. */
const textOf = ({ text, speaker, date }: Line): string => (speaker ? `${speaker} (${date ?? ''}): ${text}` : text);

/** A set in the format of BEIR: corpus.jsonl, queries.jsonl, and qrels.tsv or qrels/test.tsv. */
export function readSet(folder: string, split: string): { documents: SetDocument[]; queries: SetQuery[] } {
  const qrels = [join(folder, 'qrels', `${split}.tsv`), join(folder, 'qrels.tsv')].find((file) => existsSync(file));
  if (!qrels) throw new Error(`${folder} holds neither qrels.tsv nor qrels/${split}.tsv`);
  const relevant = new Map<string, Map<string, number>>();
  for (const line of readFileSync(qrels, 'utf8').split('\n').slice(1)) {
    const [query = '', document = '', grade = '0'] = line.trim().split('\t');
    if (Number(grade) <= 0) continue;
    const known = relevant.get(query) ?? new Map<string, number>();
    relevant.set(query, known.set(document, Number(grade)));
  }
  const documents = readLines<Line>(join(folder, 'corpus.jsonl'))
    .map((line) => ({ id: idOf(line), title: line.title ?? '', text: textOf(line), group: line.conv ?? '' }))
    .filter(({ title, text }) => `${title}${text}`.trim() !== '');
  const queries = readLines<Line>(join(folder, 'queries.jsonl')).flatMap((line): SetQuery[] => {
    const of = relevant.get(idOf(line));
    return of ? [{ id: idOf(line), text: line.text, group: line.conv ?? '', relevant: of }] : [];
  });
  return { documents, queries };
}

/** By the definitions of trec_eval: gains as graded, discounted by log2, against the best order there could be. */
export function measure(found: string[], relevant: Map<string, number>) {
  const gain = (grades: number[]): number =>
    grades.slice(0, 10).reduce((sum, grade, i) => sum + grade / Math.log2(i + 2), 0);
  const ideal = gain([...relevant.values()].toSorted((a, b) => b - a));
  const share = (depth: number): number =>
    found.slice(0, depth).filter((id) => relevant.has(id)).length / relevant.size;
  const first = found.slice(0, 10).findIndex((id) => relevant.has(id));
  return {
    ndcg10: gain(found.map((id) => relevant.get(id) ?? 0)) / ideal,
    recall10: share(10),
    recall100: share(100),
    mrr10: first < 0 ? 0 : 1 / (first + 1),
  };
}
