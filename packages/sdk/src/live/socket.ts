import type { ClientFrame, ServerFrame } from '@rapport/protocol/live';
import { backoffMs } from './backoff.ts';

export type SocketState = 'closed' | 'connecting' | 'open' | 'resting' | 'denied';

export interface Socket {
  state(): SocketState;
  send(frame: ClientFrame): void;
  /** Tries now, unless it is trying or open. */
  wake(): void;
  /** Stops trying by itself until `wake`. */
  rest(): void;
  close(): void;
}

interface SocketOptions {
  baseUrl: string;
  token(): string | null;
  onFrame(frame: ServerFrame): void;
  onState(state: SocketState, failedOpens: number): void;
}

const restart = 1012;
const denied = new Set([4001, 4003]);
const openWithinMs = 10_000;

/** One WebSocket that comes back by itself; a link that says nothing for 2.5 ping intervals is taken for dead. */
export function createSocket(options: SocketOptions): Socket {
  let ws: WebSocket | null = null;
  let state: SocketState = 'closed';
  let failures = 0;
  let failedOpens = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let ping: ReturnType<typeof setInterval> | undefined;
  let opening: ReturnType<typeof setTimeout> | undefined;
  let heardAt = 0;
  let ended = false;

  const address = () => {
    const base = options.baseUrl || (globalThis as { location?: { origin: string } }).location?.origin || '';
    return `${base.replace(/^http/, 'ws')}/api/v1/live`;
  };

  const drop = (code: number) => {
    if (!ws) return;
    clearInterval(ping);
    clearTimeout(opening);
    ws.onclose = ws.onmessage = ws.onopen = ws.onerror = null;
    ws.close();
    ws = null;
    const wasOpen = state === 'open';
    if (!wasOpen) failedOpens += 1;
    failures = wasOpen ? 0 : failures + 1;
    if (denied.has(code)) {
      state = 'denied';
      return options.onState(state, failedOpens);
    }
    state = 'closed';
    if (!ended) retry = setTimeout(connect, code === restart ? Math.random() * 1000 : backoffMs(failures));
    options.onState(state, failedOpens);
  };

  const onMessage = (event: MessageEvent) => {
    heardAt = Date.now();
    const frame = JSON.parse(String(event.data)) as ServerFrame;
    if (frame.t !== 'welcome') return options.onFrame(frame);
    clearTimeout(opening);
    state = 'open';
    failures = 0;
    failedOpens = 0;
    ping = setInterval(() => {
      if (Date.now() - heardAt > frame.pingEveryMs * 2.5) drop(0);
      else ws?.send('{"t":"ping"}');
    }, frame.pingEveryMs);
    options.onState(state, failedOpens);
  };

  const connect = () => {
    clearTimeout(retry);
    if (ws || ended) return;
    state = 'connecting';
    const next = new WebSocket(address());
    ws = next;
    opening = setTimeout(() => drop(0), openWithinMs);
    next.onopen = () => {
      const token = options.token();
      next.send(JSON.stringify({ t: 'hello', ...(token ? { token } : {}) } satisfies ClientFrame));
    };
    next.onmessage = onMessage;
    next.onclose = (event) => drop(event.code);
  };

  const onNetwork = () => {
    if (state === 'closed') connect();
  };
  globalThis.addEventListener?.('online', onNetwork);

  return {
    state: () => state,
    send(frame) {
      if (state === 'open') ws?.send(JSON.stringify(frame));
    },
    wake: () => {
      if (state !== 'denied') connect();
    },
    rest() {
      clearTimeout(retry);
      state = 'resting';
    },
    close() {
      ended = true;
      clearTimeout(retry);
      globalThis.removeEventListener?.('online', onNetwork);
      drop(0);
    },
  };
}
