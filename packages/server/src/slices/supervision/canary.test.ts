import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp, type TestSession } from '../../test/app.ts';
import { startPlayed } from '../../test/played.ts';
import { readZip } from '../../platform/zip/zip.ts';
import { WebSocket } from 'ws';

/** What the upstream says under this model’s name, and nobody else does. */
const canary = 'KANARIENVOGEL';
let app: TestApp;

beforeAll(async () => {
  ({ app } = await startPlayed('words-20'));
  await app.json('PUT', '/api/v1/organisation/supervision', {
    policy: 'auto',
    delaySeconds: 600,
    reviewSeconds: 600,
    pages: 0,
    fallbackEmail: null,
  });
});
afterAll(() => app?.close());

/** Everything that reaches the client's side by any transport, as it came. */
interface Wire {
  bytes(): string;
  close(): void;
}

async function tap(session: TestSession): Promise<Wire> {
  let bytes = '';
  const socket = new WebSocket(`ws://127.0.0.1:${app.port}/api/v1/live`);
  const token = session.client.authorization.slice('Bearer '.length);
  socket.on('open', () => socket.send(JSON.stringify({ t: 'hello', token })));
  socket.on('message', (data: Buffer) => {
    bytes += data.toString();
    if (JSON.parse(data.toString()).t === 'welcome')
      socket.send(JSON.stringify({ t: 'sub', room: session.roomId, after: 0 }));
  });
  const stop = new AbortController();
  const { signal } = stop;
  const stream = await app.fetch(`/api/v1/rooms/${session.roomId}/events?after=0`, {
    headers: { accept: 'text/event-stream', ...session.client },
    signal,
  });
  const read = async () => {
    for await (const chunk of stream.body as unknown as AsyncIterable<Uint8Array>)
      bytes += Buffer.from(chunk).toString();
  };
  const poll = async () => {
    for (let after = 0; !signal.aborted;) {
      const answer = await app.fetch(`/api/v1/rooms/${session.roomId}/events?after=${after}&wait=5`, {
        headers: session.client,
        signal,
      });
      const text = await answer.text();
      bytes += text;
      after = (JSON.parse(text) as { next: number }).next;
    }
  };
  void read().catch(() => {});
  void poll().catch(() => {});
  return {
    bytes: () => bytes,
    close() {
      stop.abort();
      socket.close();
    },
  };
}

const limits = {
  names: ['manifest.json', 'person.json', 'person.md', 'person.pdf'],
  fileBytes: 50_000_000,
  ratio: 1000,
};
const unzipped = async (zip: Buffer) => Buffer.concat([...(await readZip(zip, limits)).values()]).toString();

/** Every operation of the document, asked with the client's token and the ids of the session and the reply. */
async function askEverything(session: TestSession, replyId: string): Promise<string> {
  const { body: document } = await app.json('GET', '/api/openapi.json');
  let bytes = '';
  for (const [path, methods] of Object.entries(document.paths as Record<string, object>)) {
    for (const method of Object.keys(methods)) {
      // What would end the session or its access changes what follows; what waits for a stream is tapped above.
      if (/\/(end|stop|logout|sign-out)$|erasure-request/.test(path)) continue;
      for (const id of method === 'get' ? [session.id, session.roomId, replyId] : [replyId]) {
        const address = path.replace(/\{\w+\}/, id).replace(/\{\w+\}/g, replyId);
        const sends =
          method === 'get' || method === 'delete'
            ? {}
            : { body: '{}', headers: { 'content-type': 'application/json' } };
        const answer = await app.fetch(address, {
          method: method.toUpperCase(),
          ...sends,
          headers: { ...session.client, ...('headers' in sends ? sends.headers : {}) },
          signal: AbortSignal.timeout(3000),
        });
        bytes += await answer.text();
      }
    }
  }
  return bytes;
}

for (const rung of ['delayed', 'approve', 'draft-only'] as const) {
  test(`supervision 2: no byte of a draft reaches the client under ${rung}, while it is written, waits, and is rejected`, async () => {
    const persona = await makePersona(app, {
      model: { providerId: null, model: 'canary', temperature: null, maxTokens: 512, contextTokens: 8000 },
    });
    const session = await makeSession(app, persona, { policy: rung });
    const wire = await tap(session);
    const accepted = await app.json(
      'POST',
      `/api/v1/sessions/${session.id}/messages`,
      { text: 'Hello' },
      session.client,
    );
    const id = accepted.body.replyId as string;
    const review = async () => (await app.json('GET', `/api/v1/reviews/${id}`)).body;
    await expect.poll(async () => (await review()).text).toContain(canary);
    await expect.poll(async () => (await review()).state, { timeout: 10_000 }).toBe('waiting');
    let bytes = JSON.stringify(accepted.body) + (await askEverything(session, id));
    const { revision, draftLength, text } = await review();
    await app.json('PUT', `/api/v1/reviews/${id}/draft`, { revision, base: draftLength, text: `${text} ${canary}` });
    await app.json('POST', `/api/v1/reviews/${id}/reject`, { reasons: ['unsafe'], note: canary, again: false });
    bytes += await askEverything(session, id);
    const archive = await app.fetch('/api/v1/me/record/export', { headers: session.client });
    expect(archive.status).toBe(200);
    bytes += await unzipped(Buffer.from(await archive.arrayBuffer()));
    expect(bytes + wire.bytes()).not.toContain(canary);
    expect(wire.bytes()).toContain('reply.started');
    wire.close();
  });
}
