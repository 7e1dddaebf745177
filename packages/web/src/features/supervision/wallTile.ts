import type { RoomEvent, TextDelta } from '@rapport/protocol/events';
import type { Author, Message } from '@rapport/protocol/sessions';

export interface WallLine {
  key: string;
  author: Author;
  text: string;
}

/** What a tile of the wall shows of a conversation. */
export interface Tile {
  lines: readonly WallLine[];
  /** The end of the reply being made. */
  running: { replyId: string; text: string; held: boolean } | null;
}

export const emptyTile: Tile = { lines: [], running: null };

const mostLines = 3;
const mostText = 180;

const tail = (text: string): string => (text.length > mostText ? `…${text.slice(-mostText)}` : text);

const withLine = (lines: readonly WallLine[], line: WallLine): WallLine[] =>
  [...lines.filter((one) => one.key !== line.key), line].slice(-mostLines);

/** What is stored, beneath what has come since. */
export const withPast = (tile: Tile, messages: readonly Message[]): Tile => ({
  ...tile,
  lines: tile.lines.reduce(
    withLine,
    messages.reduce<WallLine[]>(
      (all, { id, author, text }) => withLine(all, { key: id, author, text: tail(text) }),
      [],
    ),
  ),
});

export function afterEvent(tile: Tile, { type, data }: RoomEvent): Tile {
  const { replyId, text } = data as { replyId?: string; text?: string };
  if (type === 'message.created') {
    const { messageId, author } = data as { messageId: string; author: Author };
    const lines = withLine(tile.lines, { key: messageId, author, text: tail(text ?? '') });
    return { lines, running: tile.running?.replyId === replyId ? null : tile.running };
  }
  if (type === 'reply.started' && replyId) {
    const known = tile.running?.replyId === replyId ? tile.running.text : '';
    return { ...tile, running: { replyId, text: known, held: data['held'] !== undefined } };
  }
  if (tile.running?.replyId !== replyId || !tile.running) return tile;
  if (type === 'reply.held') return { ...tile, running: { ...tile.running, held: true } };
  if (type === 'draft.ready') return { ...tile, running: { ...tile.running, text: tail(text ?? '') } };
  return /^reply\.(completed|stopped|interrupted|failed)$/.test(type) ? { ...tile, running: null } : tile;
}

/** Tokens may come before the event that starts their reply, and do where it was started before the wall was opened. */
export function afterDelta(tile: Tile, { replyId, offset, text }: TextDelta): Tile {
  const { running } = tile;
  const known = running?.replyId === replyId && offset > 0 ? running.text : '';
  return {
    ...tile,
    running: { replyId, text: tail(known + text), held: running?.replyId === replyId && running.held },
  };
}

export const afterReset = (tile: Tile, replyId: string): Tile =>
  tile.running?.replyId === replyId ? { ...tile, running: { ...tile.running, text: '' } } : tile;
