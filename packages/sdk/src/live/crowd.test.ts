import type { AddressInfo } from 'node:net';
import type { ClientFrame, ServerFrame } from '@rapport/protocol/live';
import { expect, it, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { createLive, type RoomStatus } from '../live.ts';

const soon = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 5 });
const nothing = () => {};

it('asks for many rooms fifty at a time, also when it comes back', async () => {
  let waiting: (() => void)[] = [];
  let most = 0;
  const wss = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  wss.on('connection', (peer) => {
    const send = (frame: ServerFrame) => peer.send(JSON.stringify(frame));
    peer.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as ClientFrame;
      if (frame.t === 'hello') send({ t: 'welcome', node: 'a', pingEveryMs: 60_000 });
      if (frame.t !== 'sub') return;
      waiting.push(() => send({ t: 'synced', room: frame.room, seq: 0, epoch: 1 }));
      most = Math.max(most, waiting.length);
    });
  });
  await new Promise((resolve) => wss.once('listening', resolve));
  const baseUrl = `http://127.0.0.1:${(wss.address() as AddressInfo).port}`;
  const live = createLive({ baseUrl, random: () => 0.02, transport: 'socket' });
  const statuses: RoomStatus[] = [];
  const rooms = Array.from({ length: 130 }, (_, i) =>
    live.room(`0192f3a4-0000-7000-8000-1${String(i).padStart(11, '0')}`, {
      onEvent: nothing,
      onDelta: nothing,
      onReset: nothing,
      onReplyReset: nothing,
      onStatus: (status) => (statuses[i] = status),
    }),
  );
  const answerAll = () =>
    soon(() => {
      for (const answer of waiting.splice(0)) answer();
      expect(statuses.filter((status) => status === 'live')).toHaveLength(129);
    });
  await soon(() => expect(waiting).toHaveLength(50));
  // One that is closed while it waits makes room for the next.
  rooms[0]?.close();
  await soon(() => expect(waiting).toHaveLength(51));
  await answerAll();
  [waiting, most] = [[], 0];
  for (const peer of wss.clients) peer.terminate();
  await soon(() => expect(waiting).toHaveLength(50));
  await answerAll();
  expect(most).toBe(50);
  live.close();
  wss.close();
});
