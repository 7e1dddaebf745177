import { z } from 'zod';

export const manifestName = 'manifest.json';
/** Holds the wrapped keys; in a backup only when asked for. */
export const keyTable = 'data_key';
/** Written by the migrations themselves. */
export const migrationTable = 'migration';

const name = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/);

/** What an archive holds, so that another release knows what it restores, and a damaged one is noticed. */
export const Manifest = z.strictObject({
  format: z.literal('rapport-backup'),
  version: z.literal(1),
  /** `keys`: nothing but the wrapped keys, kept apart from what they open. */
  holds: z.enum(['database', 'database and keys', 'keys']),
  madeAt: z.iso.datetime(),
  postgres: z.string(),
  migrations: z.array(z.string().regex(/^\d{4}_[\w-]+\.sql$/)),
  tables: z.array(
    z.strictObject({
      name,
      columns: z.array(name).min(1),
      rows: z.number().int(),
      bytes: z.number().int(),
      sha256: z.string(),
    }),
  ),
  /** Sealed files beside the database. */
  files: z
    .array(z.strictObject({ org: z.uuid(), id: z.uuid(), bytes: z.number().int(), sha256: z.string() }))
    .default([]),
  sequences: z.array(z.strictObject({ name, value: z.string().regex(/^-?\d+$/) })),
});
export type Manifest = z.infer<typeof Manifest>;
export type ManifestTable = Manifest['tables'][number];

export type ManifestFile = Manifest['files'][number];

export const fileEntryOf = ({ org, id }: Pick<ManifestFile, 'org' | 'id'>): string => `files/${org}/${id}`;

export const entryOf = (table: string): string => `tables/${table}.copy`;
