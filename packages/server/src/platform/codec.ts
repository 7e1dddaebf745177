/** Where a sealed value lives. Encryption binds a value to this place, so that it cannot be moved to another. */
export interface ContentPlace {
  orgId: string;
  table: string;
  column: string;
  rowId: string;
}

/**
 * The one door through which content enters and leaves the database: messages, events, guidance, token log, profiles,
 * persona texts, provider keys. The first byte names the format.
 */
export interface ContentCodec {
  seal(place: ContentPlace, plain: string): Buffer;
  open(place: ContentPlace, sealed: Buffer): string;
}

const PLAIN = 0;

export const plainCodec: ContentCodec = {
  seal(_place, plain) {
    const size = Buffer.byteLength(plain);
    const sealed = Buffer.allocUnsafe(size + 1);
    sealed[0] = PLAIN;
    sealed.write(plain, 1);
    return sealed;
  },
  open(place, sealed) {
    if (sealed[0] !== PLAIN) {
      throw new Error(
        `${place.table}.${place.column} of row ${place.rowId} is sealed in an unknown format ${sealed[0]}`,
      );
    }
    return sealed.toString('utf8', 1);
  },
};
