/** UUIDv7 (RFC 9562) that ascends even within a millisecond and when the clock is set back. */
export function createUuid7(now: () => number): () => string {
  let time = 0;
  let counter = 0;
  return () => {
    const bytes = crypto.getRandomValues(new Uint8Array(10));
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    if (now() > time) {
      time = now();
      // Half of the counter's range is left to count in.
      counter = Number.parseInt(hex.slice(16), 16) & 0x7ff;
    } else if (++counter > 0xfff) {
      time += 1;
      counter = 0;
    }
    const at = Math.floor(time).toString(16).padStart(12, '0');
    const variant = ((Number.parseInt(hex.slice(0, 1), 16) & 3) | 8).toString(16);
    const rand = counter.toString(16).padStart(3, '0');
    return `${at.slice(0, 8)}-${at.slice(8)}-7${rand}-${variant}${hex.slice(1, 4)}-${hex.slice(4, 16)}`;
  };
}
