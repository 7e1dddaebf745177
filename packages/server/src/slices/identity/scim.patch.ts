import type { ScimGroupModel, ScimOperation, ScimUserModel, ScimUserWrite } from '@rapport/protocol/scim';
import { AppError } from '../../platform/errors.ts';

type Draft<T> = { [K in keyof T]: unknown };
type Op = ScimOperation['op'];

const prefix = /^urn:ietf:params:scim:schemas:core:2\.0:(user|group):/i;
const valueFilter = /^(\w+)\[\s*([\w.]+)\s+eq\s+"?([^"\]]*)"?\s*\](?:\.(\w+))?$/i;

const wrong = (pointer: string, message: string) => new AppError('invalid-body', { errors: [{ pointer, message }] });

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Entra ID writes truth values as words. */
const asBoolean = (value: unknown): unknown =>
  typeof value === 'string' && /^(true|false)$/i.test(value) ? value.toLowerCase() === 'true' : value;

const valuesOf = (value: unknown): unknown[] =>
  (Array.isArray(value) ? value : [value]).map((one) => (isObject(one) ? one['value'] : one));

/** The primary address, or else the first. */
export function emailOf(emails: unknown): unknown {
  if (!Array.isArray(emails)) return isObject(emails) ? emails['value'] : emails;
  const found = emails.find((one) => isObject(one) && asBoolean(one['primary']) === true) ?? emails[0];
  return (isObject(found) ? found['value'] : undefined) ?? null;
}

/** What somebody is called, of all the ways a directory says it. */
export function nameOf(user: Pick<ScimUserWrite, 'displayName' | 'name'>): string | null {
  const { formatted, givenName, familyName } = user.name ?? {};
  const parts = [givenName, familyName].filter(Boolean).join(' ');
  return (
    [user.displayName, formatted, parts]
      .map((name) => name?.trim())
      .find(Boolean)
      ?.slice(0, 120) ?? null
  );
}

function setUser(user: Draft<ScimUserModel>, op: Op, path: string, value: unknown): void {
  const filtered = valueFilter.exec(path);
  const attribute = (filtered?.[1] ?? path).toLowerCase();
  const gone = op === 'remove';
  switch (attribute) {
    case 'username':
      user.userName = gone ? '' : value;
      return;
    case 'externalid':
      user.externalId = gone ? null : value;
      return;
    case 'displayname':
    case 'name.formatted':
      if (!gone) user.name = value;
      return;
    case 'name':
      if (!gone && isObject(value)) user.name = nameOf({ name: value }) ?? user.name;
      return;
    case 'emails':
    case 'emails.value':
      user.email = gone ? null : emailOf(value);
      return;
    case 'active':
      user.active = gone ? false : asBoolean(value);
      return;
    case 'roles':
      user.roles = changed(
        user.roles,
        op,
        filtered?.[3] && gone ? [filtered[3]] : valuesOf(value),
        value === undefined,
      );
      return;
    default:
    // RFC 7644, 3.5.2: what a server does not keep, it may leave.
  }
}

/** A list after adding, replacing or removing; removing without saying what removes all. */
function changed(before: unknown, op: Op, values: unknown[], all: boolean): unknown[] {
  const known = Array.isArray(before) ? (before as unknown[]) : [];
  if (op === 'replace') return [...new Set(values)];
  if (op === 'add') return [...new Set([...known, ...values])];
  return all && values.every((value) => value === undefined) ? [] : known.filter((value) => !values.includes(value));
}

function setGroup(group: Draft<ScimGroupModel>, op: Op, path: string, value: unknown): void {
  const filtered = valueFilter.exec(path);
  const attribute = (filtered?.[1] ?? path).toLowerCase();
  if (attribute === 'displayname') group.displayName = op === 'remove' ? '' : value;
  else if (attribute === 'externalid') group.externalId = op === 'remove' ? null : value;
  else if (attribute === 'members') {
    const values = filtered?.[3] === undefined ? valuesOf(value) : [filtered[3]];
    group.members = changed(group.members, op, values, value === undefined);
  }
}

/** Carries the operations out one after the other. Throws `invalid-body` for one that cannot be read. */
function patched<T>(
  before: T,
  operations: readonly ScimOperation[],
  set: (draft: Draft<T>, op: Op, path: string, value: unknown) => void,
): Draft<T> {
  const draft: Draft<T> = { ...before };
  for (const [at, { op, path, value }] of operations.entries()) {
    const bare = path?.trim().replace(prefix, '');
    if (bare) set(draft, op, bare, value);
    else if (isObject(value) && op !== 'remove')
      for (const [name, each] of Object.entries(value)) set(draft, op, name.replace(prefix, ''), each);
    else throw wrong(`/Operations/${at}/path`, 'Say what to change: a path, or an object of values.');
  }
  return draft;
}

export const patchUser = (before: ScimUserModel, operations: readonly ScimOperation[]): unknown =>
  patched(before, operations, setUser);

export const patchGroup = (before: ScimGroupModel, operations: readonly ScimOperation[]): unknown =>
  patched(before, operations, setGroup);

const filterForm = /^\s*([\w:.]+)\s+eq\s+("(?:[^"\\]|\\.)*")\s*$/i;

/** A filter of the one form that directories look others up with. Throws `invalid-body` for any other. */
export function readFilter<K extends string>(
  filter: string | undefined,
  names: readonly K[],
): Partial<Record<K, string>> {
  if (filter === undefined) return {};
  const [, attribute = '', literal = ''] = filterForm.exec(filter) ?? [];
  const name = names.find((one) => one.toLowerCase() === attribute.replace(prefix, '').toLowerCase());
  if (!name) throw wrong('/filter', `The filter must be one of: ${names.map((one) => `${one} eq "…"`).join(', ')}.`);
  try {
    return { [name]: String(JSON.parse(literal)) } as Partial<Record<K, string>>;
  } catch {
    throw wrong('/filter', 'The text in the filter is not a JSON string.');
  }
}
