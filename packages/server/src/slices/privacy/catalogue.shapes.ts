/** What people are told a piece of data is. */
export type Category =
  'profile' | 'memory' | 'conversation' | 'guidance' | 'access' | 'technical' | 'privacy' | 'research' | 'account';

/** Whose ids `column` holds. */
export type Anchor = 'client' | 'session' | 'room' | 'generation';

/** Data about a client. Its rows are those with one of the ids of the erased in one of these columns; they are deleted. */
interface ClientTable {
  about: 'client';
  category: Category;
  /** Columns that say something about the person, and what. */
  columns: Readonly<Record<string, string>>;
  rows: readonly (readonly [column: string, of: Anchor])[];
  /** Where it stands in `person.json` of an export. */
  exported: string;
  /** Only what the team may see: left out of what the client downloads. */
  staffOnly?: true;
}

/** Data about a client that is found or erased in a way of its own. */
interface SpecialTable {
  about: 'client';
  category: Category;
  columns: Readonly<Record<string, string>>;
  /** How, in words; the code is in `erasure.store.ts`. */
  special: string;
  exported: string;
}

/** Data about a member of the team, which goes with the account. */
interface StaffTable {
  about: 'staff';
  category: 'account';
  columns: Readonly<Record<string, string>>;
  exported: string;
  erased: string;
}

/** Holds nothing about a client or a member of the team beyond the id of who acted. */
interface FreeTable {
  about: 'nobody';
  because: string;
}

export type CatalogueEntry = ClientTable | SpecialTable | StaffTable | FreeTable;

export const free = (because: string): FreeTable => ({ about: 'nobody', because });
export const ofSession = { rows: [['session_id', 'session']] } as const;
export const ofEither = {
  rows: [
    ['client_id', 'client'],
    ['session_id', 'session'],
  ],
} as const;
