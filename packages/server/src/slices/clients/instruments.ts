import { readFileSync } from 'node:fs';
import { Instrument, InstrumentId, type Score } from '@rapport/protocol/questionnaires';

const read = (id: InstrumentId): Instrument =>
  Instrument.parse(JSON.parse(readFileSync(new URL(`instruments/${id}.json`, import.meta.url), 'utf8')));

export const instruments: readonly Instrument[] = InstrumentId.options.map(read);

export function instrumentOf(id: InstrumentId): Instrument {
  const found = instruments.find((one) => one.id === id);
  if (!found) throw new Error(`there is no instrument ${id}`);
  return found;
}

/** One whole answer for each item. */
export const isComplete = ({ items, options }: Instrument, answers: readonly number[]): boolean =>
  answers.length === items.length && answers.every((one) => Number.isInteger(one) && one >= 0 && one < options.length);

/** The sum of the answers and its band, as the authors of both questionnaires score them. Takes complete answers. */
export function scoreOf({ items, options, bands }: Instrument, answers: readonly number[]): Score {
  const score = answers.reduce((sum, one) => sum + one, 0);
  const band = bands.find(({ from, to }) => score >= from && score <= to);
  if (!band) throw new Error(`no band holds a score of ${score}`);
  return { score, most: items.length * (options.length - 1), severity: band.severity };
}

/** The words that call a person, as the client was asked and answered; null: none do. */
export function riskIn({ title, items, options, riskItem }: Instrument, answers: readonly number[]) {
  const answer = riskItem ? answers[riskItem.number - 1] : undefined;
  if (!riskItem || answer === undefined || answer < riskItem.from) return null;
  const text = `${title}, ${riskItem.number}: “${items[riskItem.number - 1]}”: ${options[answer]}`;
  return { text, category: riskItem.category };
}
