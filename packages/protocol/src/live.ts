import { z } from 'zod';
import { Id } from './common.ts';
import type { RoomEvent, TextDelta } from './events.ts';

/** Path of the live socket. */
export const livePath = '/api/v1/live';

/** Frames a client sends. `mid` makes a publish repeatable: the same one is stored once. */
export const ClientFrame = z.discriminatedUnion('t', [
  z.strictObject({ t: z.literal('hello'), token: z.string().max(500).optional() }),
  z.strictObject({ t: z.literal('sub'), room: Id, after: z.number().int().min(0), epoch: z.number().int().optional() }),
  z.strictObject({ t: z.literal('unsub'), room: Id }),
  z.strictObject({ t: z.literal('pub'), room: Id, mid: z.uuid(), text: z.string().max(32_000) }),
  z.strictObject({ t: z.literal('typing'), room: Id, on: z.boolean() }),
  z.strictObject({ t: z.literal('ping') }),
]);
export type ClientFrame = z.infer<typeof ClientFrame>;

/** The lists of the team that change by what happens in sessions. */
export type NewsTopic = 'reviews' | 'escalations' | 'sessions';

/** Frames the server sends. `eph` frames carry no seq and may be dropped; a gap in `offset` is filled by the server's log. */
export type ServerFrame =
  | { t: 'welcome'; node: string; pingEveryMs: number }
  | ({ t: 'ev'; room: string } & RoomEvent)
  | { t: 'synced'; room: string; seq: number; epoch: number }
  | { t: 'reset'; room: string; seq: number; epoch: number }
  | { t: 'ack'; mid: string; seq: number; messageId: string; replyId: string | null }
  | { t: 'nack'; mid: string; code: string; message: string }
  | ({ t: 'eph'; room: string; type: 'text-delta' } & TextDelta)
  | { t: 'eph'; room: string; type: 'reply-reset'; replyId: string }
  /** Told to the other side, never stored; a client hears of staff only while a person writes instead of the persona. */
  | { t: 'eph'; room: string; type: 'typing'; who: 'client' | 'staff'; on: boolean }
  /** In the organisation's own room, for the team: a list has changed by something that the reader may see. */
  | { t: 'eph'; room: string; type: 'news'; about: NewsTopic }
  | { t: 'denied'; room: string; code: string }
  | { t: 'pong' };

export const closeCodes = {
  restart: 1012,
  auth: 4001,
  forbidden: 4003,
  slow: 4008,
  superseded: 4009,
  protocol: 4400,
} as const;
