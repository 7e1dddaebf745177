import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

/** A TCP proxy that plays what networks do. */
export interface Proxy {
  url: string;
  /** Cuts every connection with a reset. */
  reset(): void;
  /** Half-open: connections stay, nothing passes in either direction any more; new ones work. */
  freeze(): void;
  /** Nobody gets in and everybody is out until `heal`. */
  outage(): void;
  heal(): void;
  retarget(port: number): void;
  close(): Promise<void>;
}

interface Pair {
  client: Socket;
  upstream: Socket;
}

export async function startProxy(target: number): Promise<Proxy> {
  const pairs = new Set<Pair>();
  let port = target;
  let down = false;
  const cut = (pair: Pair) => {
    pair.client.resetAndDestroy();
    pair.upstream.resetAndDestroy();
    pairs.delete(pair);
  };
  const server: Server = createServer((client) => {
    if (down) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(port, '127.0.0.1');
    const pair = { client, upstream };
    pairs.add(pair);
    const quiet = () => cut(pair);
    client.on('error', quiet).on('close', quiet);
    upstream.on('error', quiet).on('close', quiet);
    client.pipe(upstream);
    upstream.pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    reset: () => pairs.forEach(cut),
    freeze() {
      for (const { client, upstream } of pairs) {
        client.unpipe(upstream).pause();
        upstream.unpipe(client).pause();
      }
    },
    outage() {
      down = true;
      pairs.forEach(cut);
    },
    heal() {
      down = false;
    },
    retarget(next) {
      port = next;
    },
    close() {
      pairs.forEach(cut);
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
