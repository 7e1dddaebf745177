/** Chat turns a second: 16 people talk at once, each writes again as soon as the reply of 20 tokens is complete. */
import { forkUpstream } from './lib/fork.ts';
import { report, type Row } from './lib/report.ts';
import { openRoom, type Room } from './lib/room.ts';
import { makePersona, makeSession, startServer } from './lib/server.ts';
import { percentile, round } from './lib/stats.ts';

const people = 16;
const seconds = 10;
const model = 'words-20';

/** Turns in `ms`, and how long each took. */
async function talk(ms: number, turn: (person: number) => Promise<void>): Promise<number[]> {
  const took: number[] = [];
  const until = performance.now() + ms;
  const one = async (_: unknown, person: number) => {
    while (performance.now() < until) {
      const began = performance.now();
      await turn(person);
      took.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: people }, one));
  return took;
}

const upstream = await forkUpstream();
const direct = async () => {
  const response = await fetch(`${upstream.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model }),
  });
  await response.text();
};
const server = await startServer({ RAPPORT_OPENAI_BASE_URL: `${upstream.url}/v1`, RAPPORT_MODEL: model });
const personaId = await makePersona(server);
const rooms: Room[] = [];
for (let i = 0; i < people; i += 1) rooms.push(await openRoom(server.url, await makeSession(server, personaId)));
const through = (person: number) => (rooms[person] as Room).turn('go');

await talk(2000, through);
const before = server.cpuMs();
const turns = await talk(seconds * 1000, through);
const cpuMs = server.cpuMs() - before;
await talk(500, direct);
const bare = await talk(seconds * 500, direct);
rooms.forEach((room) => room.close());
await server.stop();
upstream.close();

const row = (what: string, took: number[], ms: number): Row => ({
  what,
  'turns a second': round((took.length * 1000) / ms, 1),
  'p50 ms': round(percentile(took, 0.5)),
  'p95 ms': round(percentile(took, 0.95)),
});
report(
  'turns',
  [
    row('direct call of the upstream', bare, seconds * 500),
    {
      ...row('Rapport: stored, streamed, resumable', turns, seconds * 1000),
      'server CPU ms a turn': round(cpuMs / turns.length),
    },
  ],
  [`${people} people at once, replies of 20 tokens that the upstream sends at one go; goal 300 turns a second.`],
);
