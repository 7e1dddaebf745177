/** What is searched. `reader`: the member who has to be among their readers; null where that is nobody's question. */
export interface Bases {
  ids: string[];
  reader: string | null;
  /** A document whose waiting version is searched in the place of the published one: by its evaluations, and nobody else. */
  trial?: string;
}

/** Who may read is part of every statement that ranks, as the organisation is: $1 organisation, $2 bases, $3 reader. */
export const within = 'any ((select knowledge_within($1, $3, $2))::uuid[])';
