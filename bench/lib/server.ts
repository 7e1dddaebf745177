import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../packages/server/src/main.ts', import.meta.url));
const ticksPerSecond = 100;

export interface BenchServer {
  url: string;
  pid: number;
  /** Milliseconds from spawning to the first answered request. */
  startMs: number;
  dataDir: string;
  json(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: Loose }>;
  /** CPU of the server process alone, in milliseconds, since its start. */
  cpuMs(): number;
  /** Resident memory in MB. */
  memoryMb(): number;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a benchmark reads a field or two of what it was sent
type Loose = any;

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

export const residentMb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** The real server in a process of its own, on an embedded database in a temporary folder. */
export async function startServer(env: Record<string, string> = {}, dataDir?: string): Promise<BenchServer> {
  const folder = dataDir ?? (await mkdtemp(join(tmpdir(), 'rapport-bench-')));
  const port = Number(env['RAPPORT_PORT'] ?? (await freePort()));
  const url = `http://127.0.0.1:${port}`;
  const began = performance.now();
  const child: ChildProcess = spawn(process.execPath, [main], {
    env: {
      ...process.env,
      RAPPORT_PORT: String(port),
      RAPPORT_DATA_DIR: folder,
      RAPPORT_LOG_LEVEL: 'error',
      RAPPORT_READ_PLAIN: 'true',
      ...env,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  // A benchmark that fails leaves no server behind.
  process.once('exit', () => child.kill());
  await answers(`${url}/readyz`, child);
  const startMs = performance.now() - began;
  const pid = child.pid as number;
  return {
    url,
    pid,
    startMs,
    dataDir: folder,
    async json(method, path, body, headers = {}) {
      const init: RequestInit = {
        method,
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      };
      if (body !== undefined) init.body = JSON.stringify(body);
      const response = await fetch(url + path, init);
      const text = await response.text();
      return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text };
    },
    cpuMs() {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
    },
    memoryMb: () => residentMb(pid),
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await ended;
      if (!dataDir) await rm(folder, { recursive: true, force: true });
    },
  };
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  for (const deadline = performance.now() + 60_000; performance.now() < deadline;) {
    if (child.exitCode !== null) throw new Error(`the server ended with code ${child.exitCode}`);
    const ok = await fetch(url).then(
      (r) => r.ok,
      () => false,
    );
    if (ok) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('the server did not answer in a minute');
}

export async function makePersona(server: BenchServer): Promise<string> {
  const body = { name: 'Mira', role: 'wellbeing coach', instructions: 'Listen, ask, encourage.' };
  const { body: persona } = await server.json('POST', '/api/v1/personas', body);
  await server.json('POST', `/api/v1/personas/${persona.id}/publish`);
  return persona.id;
}

export interface BenchSession {
  id: string;
  roomId: string;
  token: string;
}

export async function makeSession(server: BenchServer, personaId: string): Promise<BenchSession> {
  const { body: session } = await server.json('POST', '/api/v1/sessions', { personaId });
  const { body: invitation } = await server.json('POST', `/api/v1/sessions/${session.id}/invitations`, {});
  const { body: accepted } = await server.json('POST', `/api/v1/invitations/${invitation.token}/accept`, {});
  return { id: session.id, roomId: session.roomId, token: accepted.accessToken };
}
