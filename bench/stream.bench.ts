/** What Rapport adds to a streamed reply (stored, resumable, over the live socket) against a direct call of the upstream. */
import { WebSocket } from 'ws';
import { forkUpstream } from './lib/fork.ts';
import { report, type Row } from './lib/report.ts';
import { makePersona, makeSession, startServer, type BenchServer, type BenchSession } from './lib/server.ts';
import { instant, percentile, round } from './lib/stats.ts';

const tokens = 200;
const pace = 20;
/** People do not press Enter in the same millisecond: starts are this far apart, and all replies overlap. */
const apartMs = 6;
const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const model = `words-${tokens}@${pace}`;

interface Run {
  /** Milliseconds from sending the message to the first token. */
  first: number[];
  /** Milliseconds from the upstream's write of a token to its arrival. */
  delays: number[];
  cpuMs: number;
}

const collect = (text: string, run: Run) => {
  const now = instant();
  for (const sent of text.split(' ')) if (sent) run.delays.push(now - Number(sent));
};

async function direct(upstream: string, concurrent: number): Promise<Run> {
  const run: Run = { first: [], delays: [], cpuMs: 0 };
  const one = async (_: unknown, index: number) => {
    await after(index * apartMs);
    const began = performance.now();
    const response = await fetch(`${upstream}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model }),
    });
    let seen = false;
    let rest = '';
    for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
      const lines = (rest + Buffer.from(part).toString()).split('\n\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const content = /"content":"([^"]*)"/.exec(line)?.[1];
        if (!content) continue;
        if (!seen) run.first.push(performance.now() - began);
        seen = true;
        collect(content, run);
      }
    }
  };
  await Promise.all(Array.from({ length: concurrent }, one));
  return run;
}

/** One client on the live socket: subscribes, sends, reads until the reply is complete. */
function turn(server: BenchServer, session: BenchSession, run: Run, startAt: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/api/v1/live`);
    let began = 0;
    let rest = '';
    let synced = false;
    socket.on('error', reject);
    socket.on('open', () => socket.send(JSON.stringify({ t: 'hello', token: session.token })));
    socket.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString());
      if (frame.t === 'welcome') socket.send(JSON.stringify({ t: 'sub', room: session.roomId, after: 0 }));
      else if (frame.t === 'synced' && !synced) {
        synced = true;
        setTimeout(() => {
          began = performance.now();
          socket.send(JSON.stringify({ t: 'pub', room: session.roomId, mid: crypto.randomUUID(), text: 'go' }));
        }, startAt - performance.now());
      } else if (frame.t === 'eph' && frame.type === 'text-delta') {
        if (frame.offset === 0) run.first.push(performance.now() - began);
        const whole = rest + frame.text;
        const cut = whole.lastIndexOf(' ') + 1;
        rest = whole.slice(cut);
        collect(whole.slice(0, cut), run);
      } else if (frame.t === 'ev' && frame.type === 'reply.completed') {
        socket.close();
        resolve();
      } else if (frame.t === 'ev' && frame.type.startsWith('reply.') && frame.type !== 'reply.started') {
        reject(new Error(`the reply ended as ${frame.type}: ${JSON.stringify(frame.data)}`));
      }
    });
  });
}

async function through(server: BenchServer, personaId: string, concurrent: number): Promise<Run> {
  const run: Run = { first: [], delays: [], cpuMs: 0 };
  const sessions: BenchSession[] = [];
  for (let i = 0; i < concurrent; i += 1) sessions.push(await makeSession(server, personaId));
  const before = server.cpuMs();
  // Time for all to connect first: what is measured is the reply, not the opening of sockets.
  const startAt = performance.now() + 500 + concurrent * 5;
  await Promise.all(sessions.map((session, index) => turn(server, session, run, startAt + index * apartMs)));
  run.cpuMs = server.cpuMs() - before;
  return run;
}

const row = (name: string, concurrent: number, run: Run, base: Run | null): Row => ({
  what: name,
  concurrent,
  'first token p50 ms': round(percentile(run.first, 0.5)),
  'first token p95 ms': round(percentile(run.first, 0.95)),
  'added p50 ms': base ? round(percentile(run.first, 0.5) - percentile(base.first, 0.5)) : 0,
  'added p95 ms': base ? round(percentile(run.first, 0.95) - percentile(base.first, 0.95)) : 0,
  'token delay p50 ms': round(percentile(run.delays, 0.5)),
  'token delay p95 ms': round(percentile(run.delays, 0.95)),
  'server CPU ms per 1,000 tokens': run.cpuMs ? round((run.cpuMs * 1000) / (concurrent * tokens)) : 0,
});

const upstream = await forkUpstream();
const preset = { RAPPORT_OPENAI_BASE_URL: `${upstream.url}/v1`, RAPPORT_MODEL: model };
const rows: Row[] = [];
for (const frame of ['40', '0']) {
  const server = await startServer({ ...preset, RAPPORT_TOKEN_FRAME_MS: frame });
  const personaId = await makePersona(server);
  await through(server, personaId, 20);
  for (const concurrent of [1, 50, 300]) {
    const base = await direct(upstream.url, concurrent);
    if (frame === '40') rows.push(row('direct', concurrent, base, null));
    rows.push(row(`Rapport, frames of ${frame} ms`, concurrent, await through(server, personaId, concurrent), base));
  }
  await server.stop();
}
upstream.close();
report('stream', rows, [
  `${tokens} tokens a reply, one every ${pace} ms; starts ${apartMs} ms apart. Each token carries its time of sending; the delay includes reading it here.`,
  'Frames of 40 ms are the default for browsers; 0 shows what the server itself adds to a token.',
]);
