/** UUIDv7 (RFC 9562, method 1) that ascends even within a millisecond and when the clock is set back. */
export function createUuid7(now: () => number): () => string {
  let time = 0;
  let counter = 0;
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
  return () => {
    const at = Math.floor(now());
    counter += 1;
    if (at > time || counter > 0xfff) {
      time = Math.max(at, time + 1);
      counter = 0;
    }
    const rand = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => hex(byte, 2)).join('');
    const id = `${hex(time, 12)}7${hex(counter, 3)}8${rand.slice(1)}`;
    return id.replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  };
}
