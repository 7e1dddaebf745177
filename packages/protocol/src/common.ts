import { z } from 'zod';

export const Id = z.uuid();

/** ISO 8601 instant in UTC. */
export const Instant = z.iso.datetime();

// NUL breaks PostgreSQL text, other control characters and lone surrogates break readers further down the line.
// eslint-disable-next-line no-control-regex -- the control characters are what the rule refuses
const unsafe = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;
/** Anything but spaces, format characters and letters that are drawn as nothing. */
const visible = /[^\p{Z}\p{Cc}\p{Cf}\u115f\u1160\u2800\u3164\uffa0]/u;

const readable = (value: z.ZodString) =>
  value
    .refine((given) => !unsafe.test(given), 'Control characters are not allowed.')
    .refine((given) => given.isWellFormed(), 'The text holds half of a surrogate pair.');

/** Text a person wrote: `min` to `max` UTF-16 units after trimming, without control characters or lone surrogates, something of it visible. */
export const text = (max: number, min = 1) =>
  readable(z.string().trim().min(min).max(max)).refine(
    (value) => min === 0 || visible.test(value),
    'Nothing in it can be seen.',
  );

/** A piece of a text: as `text`, but with the spaces at its ends, and perhaps empty. */
export const piece = (max: number) => readable(z.string().max(max));

/** Part of a name somebody looks for. */
export const search = text(200, 0).optional();

/** One line of text: a name, a title. */
export const line = (max: number, min = 1) =>
  text(max, min).refine((value) => !/[\r\n\t]/.test(value), 'One line only.');

export const Page = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional(),
});
export type Page = z.infer<typeof Page>;

/** A page of what is found by a part of its name. */
export const NamedPage = Page.extend({ q: search.describe('Part of the name.') });
export type NamedPage = z.infer<typeof NamedPage>;

/** A page of a list; `next` is the cursor of the following page, null at the end. */
export const listOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), next: z.string().nullable() });

export const IdParams = z.object({ id: Id });
export const Empty = z.object({});
