import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { getGlobalDispatcher, setGlobalDispatcher } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startDns, type TestDns } from '../../test/dns.ts';
import { parseException, reachOf } from './addresses.ts';
import { createOutgoing, refusalOf, type Outgoing, type OutgoingOptions } from './outgoing.ts';

let visits: string[];
let open: Server;
let secret: Server;
let port: number;
const made: { close(): unknown }[] = [];

const listen = async (name: string, host: string, at: number) => {
  const server = createServer((request, response) => {
    visits.push(`${name} ${request.url}`);
    const to = new URLSearchParams(request.url?.split('?')[1]).get('to');
    response.writeHead(to ? 302 : 200, { connection: 'close', ...(to ? { location: to } : {}) });
    response.end(`this is ${name}`);
  });
  server.listen(at, host);
  await once(server, 'listening');
  return server;
};

/** Two servers on one port: the open one at 127.0.0.1, which a test may allow, and one that nobody may reach at 127.0.0.2. */
beforeAll(async () => {
  visits = [];
  open = await listen('open', '127.0.0.1', 0);
  ({ port } = open.address() as AddressInfo);
  secret = await listen('secret', '127.0.0.2', port);
});
afterAll(() => {
  open.close();
  secret.close();
});
afterEach(async () => {
  visits.length = 0;
  for (const one of made.splice(0)) await one.close();
});

const outgoing = (options: Partial<OutgoingOptions> = {}): Outgoing => {
  const one = createOutgoing({ loopback: false, exceptions: [], ...options });
  made.push(one);
  return one;
};
const dns = async (answers: Parameters<typeof startDns>[0]): Promise<TestDns> => {
  const one = await startDns(answers);
  made.push(one);
  return one;
};
const refusal = async (promise: Promise<unknown>) => refusalOf(await promise.catch((error: unknown) => error));

describe('what an address leads to', () => {
  test.each([
    ['93.184.215.14', 'public'],
    ['2606:4700::1111', 'public'],
    ['::ffff:93.184.215.14', 'public'],
    ['127.0.0.1', 'loopback'],
    ['127.8.9.1', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['10.0.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['0.0.0.0', 'private'],
    ['255.255.255.255', 'private'],
    ['224.0.0.1', 'private'],
    ['198.51.100.7', 'private'],
    ['::', 'private'],
    ['::7f00:1', 'private'],
    ['fe80::1', 'private'],
    ['fec0::1', 'private'],
    ['fd12::1', 'private'],
    ['64:ff9b::7f00:1', 'private'],
    ['2002:7f00:1::', 'private'],
    ['2001:0:7f00:1::', 'private'],
    ['169.254.169.254', 'metadata'],
    ['::ffff:169.254.169.254', 'metadata'],
    ['169.254.170.2', 'metadata'],
    ['100.100.100.200', 'metadata'],
    ['168.63.129.16', 'metadata'],
    ['fd00:ec2::254', 'metadata'],
    ['no address', 'private'],
  ])('%s: %s', (address, reach) => expect(reachOf(address)).toBe(reach));

  test('an exception is a host, an address or a range, with or without a port', () => {
    for (const good of ['gpu', 'gpu.internal:8000', '10.0.0.5', '10.0.0.0/8:80', 'fd00::/8', '[fd00::1]:8000', '::1'])
      expect(parseException(good), good).not.toBeNull();
    for (const bad of ['', 'http://gpu', 'gpu:0', 'gpu:99999', '10.0.0.0/99', 'a b', 'gpu/path'])
      expect(parseException(bad), bad).toBeNull();
    expect(parseException('[fd00::1]:8000')).toMatchObject({ name: null, port: 8000 });
  });
});

describe('a request of this server', () => {
  test.each([
    'http://127.0.0.1',
    'http://127.1',
    'http://2130706433',
    'http://0x7f000001',
    'http://0177.0.0.1',
    'http://0.0.0.0',
    'http://[::1]',
    'http://[::ffff:127.0.0.1]',
    'http://[::ffff:7f00:1]',
    'http://[::]',
    'http://localhost',
    'http://LOCALHOST.',
    'http://127.0.0.1@127.0.0.2',
    'http://169.254.169.254',
    'http://192.168.0.1',
    'http://[fd00::1]',
  ])('does not go to %s', async (address) => {
    const refused = await refusal(outgoing().fetch(`${address}:${port}/`));
    // Credentials in an address and the dot at its end already fail before.
    if (!/[@]|\.$/.test(address)) expect(refused?.message).toMatch(/private network|credentials/);
    expect(visits).toEqual([]);
  });

  test('goes where the operator excepts it, and only there', async () => {
    for (const exception of ['127.0.0.1', `127.0.0.1:${port}`, `127.0.0.0/31`, `127.0.0.0/31:${port}`]) {
      const { fetch } = outgoing({ exceptions: [exception] });
      expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('this is open');
      expect(await refusal(fetch(`http://127.0.0.2:${port}/`)), exception).not.toBeNull();
    }
    const elsewhere = outgoing({ exceptions: [`127.0.0.1:${port + 1}`, '10.0.0.0/8'] });
    expect(await refusal(elsewhere.fetch(`http://127.0.0.1:${port}/`))).not.toBeNull();
    expect(visits).toEqual(['open /', 'open /', 'open /', 'open /']);
  });

  test('an excepted name may lead into a private network, other names to the same place not', async () => {
    const { lookup } = await dns(() => ['127.0.0.1']);
    const { fetch } = outgoing({ lookup, exceptions: [`model.internal:${port}`] });
    expect(await (await fetch(`http://model.internal:${port}/`)).text()).toBe('this is open');
    expect((await refusal(fetch(`http://other.internal:${port}/`)))?.host).toBe('other.internal');
  });

  test('metadata addresses stay closed, whatever is excepted', async () => {
    const { lookup } = await dns(() => ['169.254.169.254']);
    const { fetch } = outgoing({
      lookup,
      loopback: true,
      exceptions: ['169.254.0.0/16', '0.0.0.0/0', 'meta.internal'],
    });
    for (const host of ['169.254.169.254', '[::ffff:a9fe:a9fe]', 'meta.internal'])
      expect((await refusal(fetch(`http://${host}/latest/`)))?.message).toMatch(/credentials/);
  });

  test('a name that is bound anew between two requests gains nothing (DNS rebinding)', async () => {
    const { asked, lookup } = await dns((_, times) => [times === 1 ? '127.0.0.1' : '127.0.0.2']);
    const { fetch } = outgoing({ lookup, exceptions: ['127.0.0.1'] });
    expect(await (await fetch(`http://rebind.test:${port}/1`)).text()).toBe('this is open');
    // One question for one connection: what was checked is what was connected to.
    expect(asked).toEqual(['rebind.test']);
    expect((await refusal(fetch(`http://rebind.test:${port}/2`)))?.host).toBe('rebind.test');
    expect(visits).toEqual(['open /1']);
  });

  test('one forbidden address among several refuses them all', async () => {
    const { lookup } = await dns(() => ['127.0.0.1', '127.0.0.2']);
    const { fetch } = outgoing({ lookup, exceptions: ['127.0.0.1'] });
    expect(await refusal(fetch(`http://both.test:${port}/`))).not.toBeNull();
    expect(visits).toEqual([]);
  });

  test('a redirect is an error; followed on purpose it is checked like the first address', async () => {
    const { fetch } = outgoing({ exceptions: ['127.0.0.1'] });
    const to = encodeURIComponent(`http://127.0.0.2:${port}/inside`);
    await expect(fetch(`http://127.0.0.1:${port}/a?to=${to}`)).rejects.toThrow();
    expect(await refusal(fetch(`http://127.0.0.1:${port}/b?to=${to}`, { redirect: 'follow' }))).not.toBeNull();
    expect(visits.map((one) => one.slice(0, 7))).toEqual(['open /a', 'open /b']);
  });

  test('what libraries fetch is bound, too', async () => {
    const before = getGlobalDispatcher();
    const here = `http://127.0.0.1:${port}/`;
    try {
      outgoing().bindProcess();
      expect(await refusal(globalThis.fetch(here))).not.toBeNull();
      outgoing({ loopback: true }).bindProcess();
      expect(await (await globalThis.fetch(here)).text()).toBe('this is open');
    } finally {
      setGlobalDispatcher(before);
    }
  });
});

describe('where the operator lists the only places', () => {
  test('nothing else is called, by name or by address, public or on this machine', async () => {
    const names = await dns(() => ['127.0.0.1']);
    const strict = outgoing({ loopback: true, only: ['listed.example', '93.184.215.0/24'], lookup: names.lookup });
    expect((await strict.fetch(`http://listed.example:${port}/`)).status).toBe(200);
    for (const host of ['other.example', '127.0.0.1', 'localhost']) {
      const refused = await refusal(strict.fetch(`http://${host}:${port}/`));
      expect(refused?.message, host).toContain('RAPPORT_OUTGOING_ONLY');
    }
    expect(visits).toEqual(['open /']);
  });

  test('a listed name that leads into a private network is still refused, and an exception needs no second line', async () => {
    const names = await dns(() => ['127.0.0.1']);
    const strict = outgoing({ only: ['listed.example'], lookup: names.lookup });
    expect((await refusal(strict.fetch(`http://listed.example:${port}/`)))?.message).toContain('RAPPORT_ALLOW_PRIVATE');
    const excepted = outgoing({ only: ['elsewhere.example'], exceptions: [`127.0.0.1:${port}`] });
    expect((await excepted.fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  });
});
