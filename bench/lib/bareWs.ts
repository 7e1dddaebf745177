/** The least a server can do: sends so many messages of so many bytes to every socket, and tells what it spent on it. */
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

const [messages = 0, bytes = 0] = process.argv.slice(2).map(Number);
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
server.on('listening', () => process.send?.(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`));

const spent = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
let before = 0;
process.on('message', (what) => {
  if (what === 'end') {
    process.send?.(spent() - before);
    return;
  }
  before = spent();
  const filler = 'x'.repeat(Math.max(0, bytes - 20));
  let sent = 0;
  const timer = setInterval(() => {
    const data = Buffer.from(JSON.stringify({ n: sent, filler }));
    for (const socket of server.clients) socket.send(data, { binary: false });
    sent += 1;
    if (sent === messages) clearInterval(timer);
  }, 5);
});
