import { distance } from 'fastest-levenshtein';
import type { RiskFinding } from '@rapport/protocol/safety';
import type { Review } from '@rapport/protocol/supervision';
import { carryOver } from '../knowledge/claims.ts';
import { isOpen, type ReviewBody, type ReviewRow } from './schema.ts';

/** Comparing costs the product of both lengths. */
const mostCompared = 20_000;

/** What a release would send: a person's words where there are some, and what the persona wrote after them. */
export const textOf = (body: ReviewBody, live: string): string => {
  const draft = body.draft ?? live;
  return body.edited === null ? draft : body.edited + draft.slice(body.editedFrom);
};

/** What is cited in what the client would get: a sentence that a person changed is theirs, and cites nothing. */
export const citedIn = ({ draft, claims = [], citations }: ReviewBody, text: string) =>
  carryOver({ plain: draft ?? '', claims, citations }, text);
/** What was found in the persona's words and stands where it stood: people may have changed the text since. */
export const standing = (found: readonly RiskFinding[], draft: string, text: string): RiskFinding[] =>
  found.filter(({ start, end }) => end <= text.length && draft.slice(start, end) === text.slice(start, end));

/**
 * How many characters were put in, taken out or changed between the draft and what was released (Levenshtein, 1966), in UTF-16
 * units; for very long texts of their first 20,000.
 */
export const editDistance = (draft: string, released: string): number =>
  draft === released ? 0 : distance(draft.slice(0, mostCompared), released.slice(0, mostCompared));

export const toReview = (row: ReviewRow): Review => ({
  id: row.id,
  sessionId: row.session_id,
  roomId: row.room_id,
  rung: row.rung,
  state: row.state,
  risk: row.risk,
  title: row.title,
  persona: { id: row.persona_id, name: row.persona_name },
  client: row.client_id && row.client_name ? { id: row.client_id, name: row.client_name } : null,
  alias: row.alias,
  engine: row.engine,
  revision: row.revision,
  openedAt: row.opened_at,
  waitingSince: row.waiting_since,
  dueAt: row.due_at,
  overdue: row.overdue,
  claim: claimOf(row),
  decision: isOpen(row.state) ? null : decisionOf(row),
});

const claimOf = (row: ReviewRow): Review['claim'] => {
  const { claimed_by: by, claimed_until: until } = row;
  if (!by || !until || Date.parse(until) <= Date.now()) return null;
  return { by, name: row.claimed_name ?? '', until };
};

const decisionOf = (row: ReviewRow): Review['decision'] => ({
  by: row.decided_by,
  name: row.decided_name ?? '',
  at: row.decided_at ?? row.opened_at,
  reasons: row.reasons,
  editDistance: row.edit_distance,
});
