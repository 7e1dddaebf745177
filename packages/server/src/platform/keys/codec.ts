import { createHmac } from 'node:crypto';
import type { Statements } from '../db/statements.ts';
import { openBytes, overhead, sealBytes } from './aead.ts';
import { Unreadable, type Keyring } from './keyring.ts';

/** Where a sealed value lives. Encryption binds a value to this place, so that it cannot be moved to another. */
export interface ContentPlace {
  orgId: string;
  table: string;
  column: string;
  rowId: string;
}

/** Under whose key a value is sealed; by default the organisation's. */
export interface SealedFor {
  /** That of the person whom the room is about, if it is about one. */
  room?: string;
  /** That of this person. */
  holder?: string;
}

/**
 * The one door through which content enters and leaves the database: messages, events, guidance, token log, profiles,
 * persona texts, provider keys. The first byte names the format.
 */
export interface ContentCodec {
  seal(place: ContentPlace, plain: string | Uint8Array, sealedFor?: SealedFor): Promise<Buffer>;
  /** Throws Unreadable. */
  open(place: ContentPlace, sealed: Buffer): Promise<string>;
  /** For what was sealed as bytes. Throws Unreadable. */
  openBytes(place: ContentPlace, sealed: Buffer): Promise<Buffer>;
  /** To find or compare a value without keeping it: nobody without the organisation's key can try out what it was. */
  hash(orgId: string, purpose: string, plain: string): Promise<Buffer>;
}

/** A codec looks up keys with the statements of whoever uses it, so that a transaction needs no second connection. */
export type CodecOver = (db: Statements) => ContentCodec;

const PLAIN = 0;
const AES_GCM = 1;
/** Format, holder (16 bytes), version (2 bytes). */
const headBytes = 19;

const nameOf = ({ orgId, table, column, rowId }: ContentPlace): string => `${orgId}/${table}/${column}/${rowId}`;

/** `readPlain`: values from before there was encryption may be read. */
export const encryptingCodec =
  (keyring: Keyring, { readPlain }: { readPlain: boolean }): CodecOver =>
  (db) => {
    const open = async (place: ContentPlace, sealed: Buffer): Promise<Buffer> => {
      if (sealed[0] === PLAIN && readPlain) return sealed.subarray(1);
      if (sealed[0] !== AES_GCM || sealed.length < headBytes + overhead) {
        throw new Unreadable(`${nameOf(place)} is sealed in an unknown format ${sealed[0]}`);
      }
      const hex = sealed.toString('hex', 1, 17);
      const holder = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
      const version = sealed.readUInt16BE(17);
      const { key } = await keyring.find(db, place.orgId, holder, version);
      try {
        return openBytes(key, `${nameOf(place)}/${holder}/${version}`, sealed.subarray(headBytes));
      } catch (error) {
        throw new Unreadable(`${nameOf(place)} does not open: it was changed or moved`, error);
      }
    };
    return {
      async seal(place, plain, sealedFor = {}) {
        const { orgId } = place;
        const wanted =
          sealedFor.room === undefined
            ? (sealedFor.holder ?? orgId)
            : await keyring.holderOfRoom(db, orgId, sealedFor.room);
        const { holder, version, key } = await keyring.current(db, orgId, wanted);
        const head = Buffer.allocUnsafe(headBytes);
        head[0] = AES_GCM;
        head.write(holder.replaceAll('-', ''), 1, 'hex');
        head.writeUInt16BE(version, 17);
        return Buffer.concat([head, sealBytes(key, `${nameOf(place)}/${holder}/${version}`, Buffer.from(plain))]);
      },

      openBytes: open,
      open: async (place, sealed) => (await open(place, sealed)).toString('utf8'),

      async hash(orgId, purpose, plain) {
        // The first key, whatever came after it: what was hashed once must be found for good.
        const { key } = await keyring.find(db, orgId, orgId, 1);
        return createHmac('sha256', key).update(`${purpose}\0`).update(plain).digest();
      },
    };
  };
