import type { PersonaKnows } from '@rapport/protocol/clients';
import type { Rung } from '@rapport/protocol/supervision';
import type { Db } from '../../platform/db/db.ts';

export interface ClientRow {
  policy: Rung;
  id: string;
  name: string;
  profile: Buffer;
  created_at: string;
  updated_at: string;
}

/** What the sealed `profile` column holds. The name stays in clear: lists are searched and sorted by it. */
export interface ClientProfile {
  language: string;
  about: string;
  contact: string;
  tags: string[];
  riskFactors: string[];
  personaKnows: PersonaKnows;
}

/** What a profile from before there was more says of the rest. */
export const emptyProfile: ClientProfile = {
  language: 'en',
  about: '',
  contact: '',
  tags: [],
  riskFactors: [],
  personaKnows: { goals: true, riskFactors: true, notes: false },
};

const folded = (tag: string): string => tag.normalize('NFC').toLowerCase();

/** Each tag once, as it was first written. */
export const uniqueTags = (tags: readonly string[]): string[] =>
  tags.filter((tag, at) => tags.findIndex((other) => folded(other) === folded(tag)) === at);

/** What the column `tag_hashes` holds: a client is found by a tag that nobody can read in the database. */
export const tagHashes = (db: Db, orgId: string, tags: readonly string[]): Promise<Buffer[]> =>
  Promise.all(tags.map((tag) => db.codec.hash(orgId, 'client-tag', folded(tag))));
