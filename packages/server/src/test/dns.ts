import { createSocket } from 'node:dgram';
import { Resolver, type lookup } from 'node:dns';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export interface TestDns {
  /** Questions in the order they came. */
  asked: string[];
  lookup: typeof lookup;
  close(): void;
}

function answerTo(question: Buffer, addresses: string[]): Buffer {
  const end = question.indexOf(0, 12) + 5;
  const head = Buffer.from(question.subarray(0, end));
  const isA = head.readUInt16BE(end - 4) === 1;
  const found = isA ? addresses : [];
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(found.length, 6);
  head.writeUInt32BE(0, 8);
  const records = found.map((address) =>
    Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]),
  );
  return Buffer.concat([head, ...records]);
}

const nameIn = (question: Buffer): string => {
  const labels: string[] = [];
  for (let at = 12, size = question[at] ?? 0; size > 0; at += size + 1, size = question[at] ?? 0)
    labels.push(question.toString('ascii', at + 1, at + 1 + size));
  return labels.join('.');
};

/** A real DNS server on this machine whose answers a test makes up, time to live 0, and a `lookup` that asks it. */
export async function startDns(answers: (name: string, times: number) => string[]): Promise<TestDns> {
  const socket = createSocket('udp4');
  const asked: string[] = [];
  socket.on('message', (question, from) => {
    const name = nameIn(question);
    asked.push(name);
    const times = asked.filter((one) => one === name).length;
    socket.send(answerTo(question, answers(name, times)), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const resolver = new Resolver({ timeout: 1000, tries: 2 });
  resolver.setServers([`127.0.0.1:${(socket.address() as AddressInfo).port}`]);
  const ask = (
    name: string,
    _options: unknown,
    done: (error: Error | null, found: { address: string; family: number }[]) => void,
  ) =>
    resolver.resolve4(name, (error, found = []) =>
      done(
        error,
        found.map((address) => ({ address, family: 4 })),
      ),
    );
  return { asked, lookup: ask as unknown as typeof lookup, close: () => socket.close() };
}
