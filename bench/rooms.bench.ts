/**
 * Delivery of live rooms: one message to many readers against the same bytes over bare `ws`, what an idle connection
 * costs, a thousand clients that come back at once, and readers that do not read.
 */
import { fork } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import { report, type Row } from './lib/report.ts';
import { openRoom, type Room } from './lib/room.ts';
import {
  makePersona,
  makeSession,
  residentMb,
  startServer,
  type BenchServer,
  type BenchSession,
} from './lib/server.ts';
import { percentile, round } from './lib/stats.ts';

const readers = 100;
const messages = 200;
const idle = 2000;
const storm = 1000;
const missed = 20;

const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const until = async (done: () => boolean) => {
  while (!done()) await after(5);
};

/** In a session that a person has taken over nothing answers: what is written is all that is delivered. */
async function quietSession(server: BenchServer, personaId: string): Promise<BenchSession> {
  const session = await makeSession(server, personaId);
  await server.json('POST', `/api/v1/sessions/${session.id}/takeover`);
  return session;
}

const write = (server: BenchServer, session: BenchSession, n: number) =>
  server.json('POST', `/api/v1/sessions/${session.id}/messages`, {
    text: `Message ${n} ${'of some length '.repeat(8)}`,
  });

async function fanOut(server: BenchServer, session: BenchSession): Promise<Row[]> {
  const rooms = await Promise.all(Array.from({ length: readers }, () => openRoom(server.url, session)));
  let bytes = 0;
  rooms[0]?.socket.on('message', (data: Buffer) => (bytes += data.length));
  const start = rooms.map((room) => room.seen());
  const alone = await cpuOf(server, async () => {
    const other = await quietSession(
      server,
      (await server.json('GET', `/api/v1/sessions/${session.id}`)).body.persona.id,
    );
    for (let n = 0; n < messages; n += 1) await write(server, other, n);
  });
  const delivered = await cpuOf(server, async () => {
    for (let n = 0; n < messages; n += 1) await write(server, session, n);
    await until(() => rooms.every((room, i) => room.seen() - (start[i] as number) >= messages));
  });
  rooms.forEach((room) => room.close());
  const bare = await bareWs(Math.round(bytes / messages));
  const each = (ms: number) => round((ms * 1000) / (readers * messages));
  return [
    { what: `bare ws, ${readers} readers, same bytes`, 'CPU µs a delivery': each(bare) },
    {
      what: 'Rapport, delivery alone',
      'CPU µs a delivery': each(delivered - alone),
      ratio: round((delivered - alone) / bare),
    },
  ];
}

async function cpuOf(server: BenchServer, work: () => Promise<void>): Promise<number> {
  const before = server.cpuMs();
  await work();
  return server.cpuMs() - before;
}

/** A process that does nothing but send `bytes` to every reader, `messages` times, one message every 5 ms. */
async function bareWs(bytes: number): Promise<number> {
  const child = fork(new URL('./lib/bareWs.ts', import.meta.url), [String(messages), String(bytes)]);
  const url = await new Promise<string>((resolve) => child.once('message', (text) => resolve(String(text))));
  let got = 0;
  const sockets = await Promise.all(
    Array.from(
      { length: readers },
      () =>
        new Promise<WebSocket>((resolve) => {
          const socket = new WebSocket(url);
          socket.on('message', (data: Buffer) => {
            JSON.parse(data.toString());
            got += 1;
          });
          socket.on('open', () => resolve(socket));
        }),
    ),
  );
  const spent = new Promise<number>((resolve) => child.once('message', (ms) => resolve(Number(ms))));
  child.send('go');
  await until(() => got === readers * messages);
  child.send('end');
  const ms = await spent;
  sockets.forEach((socket) => socket.close());
  child.kill();
  return ms;
}

async function idleMemory(server: BenchServer, session: BenchSession): Promise<Row[]> {
  const open = async (memoryMb: () => number, one: () => Promise<{ close(): void }>) => {
    await after(1000);
    const before = memoryMb();
    const sockets = await Promise.all(Array.from({ length: idle }, one));
    await after(1000);
    const kb = ((memoryMb() - before) * 1024) / idle;
    sockets.forEach((socket) => socket.close());
    return round(kb);
  };
  const child = fork(new URL('./lib/bareWs.ts', import.meta.url), ['0', '0']);
  const url = await new Promise<string>((resolve) => child.once('message', (text) => resolve(String(text))));
  const bare = await open(
    () => residentMb(child.pid as number),
    () => openBare(url),
  );
  child.kill();
  const ours = await open(server.memoryMb, () => openRoom(server.url, session, 1_000));
  return [
    { what: `bare ws, ${idle} idle connections`, 'KB a connection': bare },
    { what: `${idle} idle connections, each in a room`, 'KB a connection': ours, goal: '≤ 12' },
  ];
}

const openBare = (url: string) =>
  new Promise<WebSocket>((resolve) => {
    const socket = new WebSocket(url);
    socket.on('open', () => resolve(socket));
  });

async function reconnectStorm(server: BenchServer, session: BenchSession): Promise<Row> {
  for (let n = 0; n < missed; n += 1) await write(server, session, n);
  const { body } = await server.json('GET', `/api/v1/rooms/${session.roomId}/events?after=0&limit=1000`);
  const head = Number(body.next);
  const began = performance.now();
  const took: number[] = [];
  const cpuMs = await cpuOf(server, async () => {
    const rooms: Room[] = await Promise.all(
      Array.from({ length: storm }, async () => {
        const room = await openRoom(server.url, session, head - missed);
        took.push(performance.now() - began);
        if (room.seen() !== missed) throw new Error(`a reader got ${room.seen()} of ${missed} missed events`);
        return room;
      }),
    );
    rooms.forEach((room) => room.close());
  });
  return {
    what: `${storm} clients come back, ${missed} events missed each`,
    'all back in ms': round(Math.max(...took)),
    'p50 ms': round(percentile(took, 0.5)),
    'server CPU ms': round(cpuMs),
    goal: '< 5,000 ms, < 1,500 ms CPU',
  };
}

/** A socket that subscribes by hand and then reads nothing more. */
function stalled(server: BenchServer, session: BenchSession): Promise<Socket> {
  const frame = (value: object) => {
    const body = Buffer.from(JSON.stringify(value));
    const mask = randomBytes(4);
    const head =
      body.length < 126
        ? Buffer.from([0x81, 0x80 | body.length])
        : Buffer.from([0x81, 0xfe, body.length >> 8, body.length & 255]);
    return Buffer.concat([head, mask, body.map((byte, i) => byte ^ (mask[i % 4] as number))]);
  };
  const { port, host } = new URL(server.url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.write(
        `GET /api/v1/live HTTP/1.1\r\nhost: ${host}\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
      );
      socket.write(frame({ t: 'hello', token: session.token }));
      socket.write(frame({ t: 'sub', room: session.roomId, after: 0 }));
      setTimeout(() => {
        socket.pause();
        resolve(socket);
      }, 300);
    });
    socket.on('error', () => {});
    socket.on('data', () => {});
  });
}

async function stalledReaders(server: BenchServer, session: BenchSession): Promise<Row> {
  const sockets = await Promise.all(Array.from({ length: 5 }, () => stalled(server, session)));
  const before = server.memoryMb();
  let peak = before;
  const text = 'x'.repeat(30_000);
  for (let sent = 0; sent < 30_000_000; sent += text.length) {
    await server.json('POST', `/api/v1/sessions/${session.id}/messages`, { text });
    peak = Math.max(peak, server.memoryMb());
  }
  sockets.forEach((socket) => socket.destroy());
  return {
    what: '5 readers that do not read, 30 MB for each',
    'memory grew by MB': round(peak - before),
    goal: '< 50',
  };
}

const server = await startServer();
await server.json('POST', '/api/v1/setup', { ownerName: 'Bench', organisation: 'Bench', provider: null });
const personaId = await makePersona(server);
const rows: Row[] = [];
rows.push(...(await fanOut(server, await quietSession(server, personaId))));
rows.push(...(await idleMemory(server, await quietSession(server, personaId))));
rows.push(await reconnectStorm(server, await quietSession(server, personaId)));
rows.push(await stalledReaders(server, await quietSession(server, personaId)));
await server.stop();
report('rooms', rows, ['Delivery alone: the same messages written to a room without readers are taken off.']);
