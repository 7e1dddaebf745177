import type { Goal } from '@rapport/protocol/goals';
import type { Db } from '../../platform/db/db.ts';
import { findGoals, listGoals } from './goals.store.ts';
import { notesForPrompt } from './notes.store.ts';
import { findClient } from './store.ts';

const goalLimit = 12;
const noteLimit = 8;
/** The profile stands in every prompt of the client: what a model can use of it is little. */
const extraCharacters = 6000;

const section = (title: string, lines: readonly string[]): string =>
  lines.length > 0 ? `${title}\n${lines.map((line) => `- ${line}`).join('\n')}` : '';

function inWords({ title, milestones }: Goal): string {
  const next = milestones.filter((milestone) => milestone.state === 'open').map((milestone) => milestone.title);
  return next.length > 0 ? `${title} (next: ${next.join('; ')})` : title;
}

/**
 * What a persona is told about the client of a session: the one place that decides it. Contact and tags are left out
 * always, the rest as the team has chosen for this client (docs/decisions/0023-client-profile.md). The session was checked
 * already, and so was what the client agreed to.
 */
export async function profileForPrompt(
  db: Db,
  orgId: string,
  id: string | null,
  ofSession: readonly string[],
): Promise<string> {
  const client = id === null ? undefined : await findClient(db, orgId, id, null);
  if (!client) return '';
  const { name, language, about, riskFactors, personaKnows } = client;
  const newest = personaKnows.goals ? await listGoals(db, orgId, client.id, null, goalLimit) : [];
  const older = ofSession.filter((goal) => !newest.some(({ id: known }) => known === goal));
  const goals =
    personaKnows.goals && older.length > 0 ? [...newest, ...(await findGoals(db, orgId, client.id, older))] : newest;
  const open = goals.filter((goal) => goal.state === 'open');
  const chosen = open.filter((goal) => ofSession.includes(goal.id));
  const others = open.filter((goal) => !ofSession.includes(goal.id));
  const notes = personaKnows.notes ? await notesForPrompt(db, orgId, client.id, noteLimit) : [];
  const extra = [
    section('Goals of this session:', chosen.map(inWords)),
    section('Goals of the client:', others.map(inWords)),
    section(
      'Known risk factors, to be careful about and never to be named to the client:',
      personaKnows.riskFactors ? riskFactors : [],
    ),
    section('Notes of the team, newest first; background that the client has not said here:', notes),
  ];
  const facts = [`Name: ${name}.`, `Language: ${language}.`, about].filter(Boolean).join(' ');
  return [facts, extra.filter(Boolean).join('\n').slice(0, extraCharacters)].filter(Boolean).join('\n');
}
