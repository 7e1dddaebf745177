import { connect } from 'node:net';

/** Bytes as they stand, sent over a socket of its own; what came back until it was closed. `pieces` go out one by one. */
export function sendRaw(port: number, pieces: string[], everyMs = 0): Promise<{ text: string; ms: number }> {
  return new Promise((resolve) => {
    const began = performance.now();
    const socket = connect(port, '127.0.0.1');
    let text = '';
    let timer: NodeJS.Timeout | undefined;
    const next = () => {
      const piece = pieces.shift();
      if (piece === undefined || socket.destroyed) return;
      socket.write(piece);
      timer = setTimeout(next, everyMs);
    };
    socket.on('connect', next);
    socket.on('data', (data: Buffer) => (text += data.toString()));
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve({ text, ms: performance.now() - began });
    });
  });
}
