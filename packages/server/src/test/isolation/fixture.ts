import { encodeCursor } from '../../platform/cursor.ts';
import type { Kind } from './world.ts';

/** Gives the id of something; the proof decides whose. */
export type IdOf = (kind: Kind) => string;

/** How an operation is called, with ids in every place that takes one. */
export interface Fixture {
  /** What the parameters of the path name; `=word` is that word. */
  path?: Record<string, Kind | `=${string}`>;
  query?: (id: IdOf) => Record<string, string>;
  body?: (id: IdOf) => unknown;
  headers?: (id: IdOf) => Record<string, string>;
  /** What staff get who call it with ids of their own; default 2xx. Shows that the fixture reaches what it should. */
  own?: number;
  /** Called once the others were: it takes something away that they need. */
  last?: boolean;
  /** What it shows goes on changing by itself: only its status is compared. */
  restless?: boolean;
}

/** A page that begins after the given id. */
export const after = (kind: Kind) => (id: IdOf) => ({ cursor: encodeCursor(id(kind)) });
export const session = { path: { id: 'session' } } as const;
