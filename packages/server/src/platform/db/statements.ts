export type Values = readonly unknown[];

/** Every text is a prepared statement, so texts must be static. */
export interface Statements {
  many<Row>(text: string, values?: Values): Promise<Row[]>;
  maybe<Row>(text: string, values?: Values): Promise<Row | undefined>;
  one<Row>(text: string, values?: Values): Promise<Row>;
  /** The number of rows changed. */
  exec(text: string, values?: Values): Promise<number>;
}
