import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../test/app.ts';
import { startSmtp } from '../../test/smtp.ts';
import { createLogger } from '../logger.ts';
import { createMail, transportOptions, type Mail } from './mail.ts';
import { lettersPerHour } from './outbox.ts';

let app: TestApp;
const said: string[] = [];
const log = createLogger('debug', { write: (line: string) => void said.push(line) });
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());
beforeEach(async () => {
  said.length = 0;
  await app.db.everywhere.exec('delete from letter');
});

const canary = 'zq-canary-of-a-letter';
const letterTo = (to: string) => ({ to, subject: 'A letter', text: `With ${canary} in it.\n` });
const openMail = (smtpUrl: string): Mail => {
  const mail = createMail({
    db: app.db,
    keyring: app.keyring,
    config: { smtpUrl, mailFrom: 'house@here.example' },
    log,
  });
  mail.start();
  return mail;
};
interface Row {
  attempts: number;
  sealed: Buffer | null;
  recipient: Buffer;
  wait: number;
}
const rows = () =>
  app.db.everywhere.many<Row>(
    'select attempts, sealed, recipient, extract(epoch from due_at - now())::int as wait from letter order by created_at, id',
  );
const dueNow = () => app.db.everywhere.exec('update letter set due_at = now()');

test('a letter outlives a mail server that is away and a process that ends, sealed, and is sent once', async () => {
  const place = await startSmtp();
  await place.close();
  const first = openMail(place.url);
  await first.send(letterTo('olga@house.example'));
  await expect.poll(async () => (await rows())[0]?.attempts).toBe(1);
  await expect.poll(() => said.join()).toMatch(/waits/);
  const [kept] = await rows();
  expect(kept?.wait).toBeGreaterThan(2);
  expect(kept?.wait).toBeLessThan(8);
  const bytes = Buffer.concat([kept?.sealed ?? Buffer.alloc(0), kept?.recipient ?? Buffer.alloc(0)]).toString('latin1');
  expect(bytes).not.toContain(canary);
  expect(bytes).not.toContain('olga');
  // Each attempt that fails waits longer.
  await dueNow();
  await expect.poll(async () => (await rows())[0]?.attempts, { timeout: 8000 }).toBe(2);
  await expect.poll(async () => (await rows())[0]?.wait ?? 999).toBeLessThan(25);
  expect((await rows())[0]?.wait).toBeGreaterThan(9);
  await first.close();
  expect(said.join()).not.toMatch(/olga|canary/);

  const smtp = await startSmtp(undefined, place.port);
  await dueNow();
  const both = [openMail(place.url), openMail(place.url)];
  const delivered = await smtp.next(0);
  expect(delivered.to).toEqual(['olga@house.example']);
  expect(delivered.text).toContain(canary);
  await expect.poll(async () => (await rows())[0]?.sealed).toBeNull();
  for (const mail of both) await mail.close();
  expect(smtp.delivered).toHaveLength(1);
  await smtp.close();
}, 30_000);

test('one address gets so many letters within an hour, whoever asks for them, and others theirs', async () => {
  const smtp = await startSmtp();
  const [mail, other] = [openMail(smtp.url), openMail(smtp.url)];
  for (let at = 0; at < lettersPerHour; at += 1) await (at % 2 ? mail : other).send(letterTo('olga@house.example'));
  await expect(mail.send(letterTo('OLGA@house.example'))).rejects.toMatchObject({ code: 'rate-limited' });
  other.post(letterTo('olga@house.example'));
  await mail.send(letterTo('robin@house.example'));
  await mail.close();
  await other.close();
  expect(await rows()).toHaveLength(lettersPerHour + 1);
  // After the hour there is room again, and nothing stays of what was sent.
  await app.db.everywhere.exec(`update letter set created_at = now() - interval '61 minutes'`);
  const later = openMail(smtp.url);
  await later.send(letterTo('olga@house.example'));
  await later.close();
  await expect.poll(() => smtp.delivered.length).toBe(lettersPerHour + 2);
  await smtp.close();
});

test('what is of no use any more is not sent, and what is refused for good is given up', async () => {
  const refusing = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onRcptTo: (_address, _session, done) => done(Object.assign(new Error('no such mailbox'), { responseCode: 550 })),
  });
  await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', () => resolve()));
  const { port } = refusing.server.address() as { port: number };
  const mail = openMail(`smtp://127.0.0.1:${port}`);
  await mail.send(letterTo('nobody@house.example'));
  await expect.poll(() => said.join()).toMatch(/given up/);
  await expect.poll(async () => (await rows())[0]?.sealed).toBeNull();
  await mail.close();
  await new Promise<void>((resolve) => refusing.close(() => resolve()));

  const smtp = await startSmtp();
  const idle = createMail({
    db: app.db,
    keyring: app.keyring,
    config: { smtpUrl: 'smtp://127.0.0.1:9', mailFrom: 'a@b.example' },
    log,
  });
  await idle.send({ ...letterTo('late@house.example'), goodForMinutes: 10 });
  await idle.close();
  await app.db.everywhere.exec(`update letter set expires_at = now(), due_at = now()`);
  const next = openMail(smtp.url);
  await next.send(letterTo('robin@house.example'));
  await expect.poll(() => smtp.delivered.map(({ to }) => to.join())).toEqual(['robin@house.example']);
  await next.close();
  await smtp.close();
});

test('nothing in a letter becomes a header or another recipient', async () => {
  const smtp = await startSmtp();
  const mail = openMail(smtp.url);
  await mail.send({
    to: 'olga@house.example',
    subject: 'Invitation to House\r\nBcc: eve@elsewhere.example\r\n\r\nAnother body',
    text: 'Text\r\n.\r\nMAIL FROM:<eve@elsewhere.example>\r\nRCPT TO:<eve@elsewhere.example>\r\n',
  });
  const delivered = await smtp.next(0);
  await mail.close();
  await smtp.close();
  expect(delivered.to).toEqual(['olga@house.example']);
  const [head = ''] = delivered.text.split('\n\n');
  expect(head).not.toMatch(/^bcc:/im);
  expect(head.match(/^subject:/gim)).toHaveLength(1);
  expect(smtp.delivered).toHaveLength(1);
});

test('a mail server whose certificate is not good gets no letter; an open line only this machine, or by the operator’s word', async () => {
  // The server of the tests signs itself.
  const received: string[] = [];
  const secure = new SMTPServer({
    secure: true,
    authOptional: true,
    onData: (stream, _session, done) => {
      received.push('a letter');
      stream.resume();
      stream.on('end', () => done());
    },
  });
  secure.on('error', () => {});
  await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', () => resolve()));
  const { port } = secure.server.address() as { port: number };
  const mail = openMail(`smtps://127.0.0.1:${port}`);
  await mail.send(letterTo('olga@house.example'));
  await expect.poll(() => said.join(), { timeout: 5000 }).toMatch(/certificate|altnames/i);
  await mail.close();
  await new Promise<void>((resolve) => secure.close(() => resolve()));
  expect(received).toEqual([]);

  expect(transportOptions('smtp://mail.house.example:587')).toMatchObject({ requireTLS: true });
  expect(transportOptions('smtp://127.0.0.1:25')).toMatchObject({ requireTLS: false });
  expect(transportOptions('smtp://relay:25?requireTLS=false')).toMatchObject({ requireTLS: false });
});
