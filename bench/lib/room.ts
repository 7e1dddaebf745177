import { WebSocket } from 'ws';
import type { BenchSession } from './server.ts';

export interface Room {
  socket: WebSocket;
  /** Events received so far. */
  seen(): number;
  /** Sends a message and waits for nothing. */
  publish(text: string): void;
  /** Sends a message and waits for the end of the reply to it. */
  turn(text: string): Promise<void>;
  close(): void;
}

/** A client on the live socket, subscribed and synced. */
export function openRoom(url: string, session: BenchSession, after = 0): Promise<Room> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/live`);
  const send = (frame: object) => socket.send(JSON.stringify(frame));
  let seen = 0;
  let ended: (error?: Error) => void = () => {};
  const room: Room = {
    socket,
    seen: () => seen,
    publish: (text) => send({ t: 'pub', room: session.roomId, mid: crypto.randomUUID(), text }),
    turn: (text) =>
      new Promise((resolve, reject) => {
        ended = (error) => (error ? reject(error) : resolve());
        room.publish(text);
      }),
    close: () => socket.close(),
  };
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => send({ t: 'hello', token: session.token }));
    socket.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString());
      if (frame.t === 'welcome') send({ t: 'sub', room: session.roomId, after });
      else if (frame.t === 'synced') resolve(room);
      else if (frame.t === 'ev') {
        seen += 1;
        if (frame.type === 'reply.completed') ended();
        else if (/^reply\.(failed|interrupted|stopped)$/.test(frame.type)) ended(new Error(`the reply: ${frame.type}`));
      }
    });
  });
}
