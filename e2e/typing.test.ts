import { createLive, type RoomHandle } from '@rapport/sdk/live';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  makePersona,
  makeSession,
  startTestApp,
  type TestApp,
  type TestSession,
} from '../packages/server/src/test/app.ts';

let apps: [TestApp, TestApp];
let session: TestSession;
const open: { close(): void }[] = [];

beforeAll(async () => {
  const first = await startTestApp();
  apps = [first, await first.second()];
  session = await makeSession(first, await makePersona(first));
});
afterAll(async () => {
  open.forEach((live) => live.close());
  await apps?.[1].close();
  await apps?.[0].close();
});

/** What a reader was told about typing, as `who:on`. */
async function enter(app: TestApp, as: 'client' | 'staff', transport: 'socket' | 'sse' = 'socket') {
  const token = () => (as === 'client' ? session.client.authorization.slice(7) : null);
  const live = createLive({ baseUrl: app.url, token, transport });
  open.push(live);
  const told: string[] = [];
  const room = await new Promise<RoomHandle>((resolve) => {
    const handle = live.room(session.roomId, {
      onEvent: () => {},
      onDelta: () => {},
      onReset: () => {},
      onReplyReset: () => {},
      onStatus: () => {},
      onSynced: () => resolve(handle),
      onTyping: ({ who, on }) => told.push(`${who}:${on}`),
    });
  });
  return { room, told };
}

/** Long enough for what must not arrive. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 300));

test('the team sees the client type, on every server and transport; the client sees a person only in a takeover', async () => {
  const client = await enter(apps[0], 'client');
  const second = await enter(apps[0], 'client', 'sse');
  const staff = await enter(apps[0], 'staff');
  const elsewhere = await enter(apps[1], 'staff', 'sse');

  client.room.typing(true);
  await expect.poll(() => [staff.told, elsewhere.told]).toEqual([['client:true'], ['client:true']]);
  client.room.typing(false);
  await expect
    .poll(() => [staff.told, elsewhere.told])
    .toEqual([
      ['client:true', 'client:false'],
      ['client:true', 'client:false'],
    ]);

  // The persona answers: whatever a person types is guidance, or nothing that concerns the client.
  staff.room.typing(true);
  staff.room.typing(false);
  await settled();
  expect([client.told, second.told, elsewhere.told.slice(2)]).toEqual([[], [], []]);

  await apps[0].json('POST', `/api/v1/sessions/${session.id}/takeover`);
  staff.room.typing(true);
  await expect
    .poll(() => [client.told, second.told, elsewhere.told.slice(2)])
    .toEqual([['staff:true'], ['staff:true'], ['staff:true']]);

  const { body } = await apps[0].json('GET', `/api/v1/rooms/${session.roomId}/events`);
  expect(JSON.stringify(body)).not.toContain('typing');

  await apps[0].json('POST', `/api/v1/sessions/${session.id}/end`);
  client.room.typing(true);
  await settled();
  expect(staff.told.slice(3)).toEqual([]);
});
