import type { ClientFrame, ServerFrame } from '@rapport/protocol/live';
import type { Env } from './types.ts';

// The protocol's own constants come with Zod, which would be ten times this client.
const livePath = '/api/v1/live';
const welcomeWithinMs = 10_000;
const probeWithinMs = 5000;
/** Application code for a link that gives no sign of life; the browser's own word for it is the same. */
const lost = 1006;

export interface ConnectionHooks {
  onWelcome(): void;
  onFrame(frame: ServerFrame): void;
  /** Once, and nothing after it. */
  onClose(code: number): void;
}

/** One life of the live socket, from the opening to the first sign that it is of no more use. */
export class Connection {
  welcomed = false;
  readonly #env: Env;
  readonly #hooks: ConnectionHooks;
  readonly #socket: WebSocket | undefined;
  #watch: ReturnType<typeof setTimeout> | undefined;
  #pings: ReturnType<typeof setInterval> | undefined;
  #over = false;
  #heardAt = 0;
  #pingedAt = 0;
  /** One entry for each ping without pong yet: what waits for that pong. */
  #awaited: (() => void)[] = [];

  constructor(env: Env, hooks: ConnectionHooks) {
    this.#env = env;
    this.#hooks = hooks;
    this.#watch = setTimeout(() => this.end(), welcomeWithinMs);
    try {
      const Socket = env.webSocket as typeof WebSocket;
      const socket = new Socket((env.base || location.origin).replace(/^http/, 'ws') + livePath);
      this.#socket = socket;
      const token = env.token();
      socket.onopen = () => this.send({ t: 'hello', ...(token && { token }) });
      socket.onmessage = ({ data }) => this.#receive(String(data));
      socket.onclose = ({ code }) => this.end(code);
    } catch {
      // A page may be forbidden to open any socket; the owner must have the connection before it hears of its end.
      queueMicrotask(() => this.end());
    }
  }

  send(frame: ClientFrame) {
    if (!this.#over && this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(frame));
  }

  /** Calls back when the server has handled everything sent so far. */
  barrier(then: () => void) {
    this.#ping(then);
  }

  /** Asks for a sign of life where there is reason to doubt it, after a sleep for example. */
  probe() {
    const asked = this.#env.now();
    this.#ping();
    clearTimeout(this.#watch);
    this.#watch = setTimeout(
      () => this.#heardAt < asked && this.end(),
      this.welcomed ? probeWithinMs : welcomeWithinMs,
    );
  }

  end(code = lost) {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#watch);
    clearInterval(this.#pings);
    const socket = this.#socket;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    this.#hooks.onClose(code);
  }

  #ping(then = () => {}) {
    if (!this.welcomed) return;
    this.#awaited.push(then);
    this.#pingedAt = this.#env.now();
    this.send({ t: 'ping' });
  }

  #receive(data: string) {
    this.#heardAt = this.#env.now();
    const frame = JSON.parse(data) as ServerFrame;
    if (frame.t === 'pong') this.#awaited.shift()?.();
    else if (frame.t === 'welcome') {
      this.welcomed = true;
      clearTimeout(this.#watch);
      this.#keepAlive(frame.pingEveryMs);
      this.#hooks.onWelcome();
    } else this.#hooks.onFrame(frame);
  }

  #keepAlive(everyMs: number) {
    this.#pings = setInterval(() => {
      const now = this.#env.now();
      // Timers of a hidden page run late: silence counts only after a ping that should have been answered.
      if (this.#heardAt < this.#pingedAt && now - this.#heardAt >= 2.5 * everyMs) this.end();
      else if (now - this.#pingedAt >= 0.9 * everyMs) this.#ping();
    }, everyMs / 2);
  }
}
