/** How much of what stands around a passage is shown with it, on either side. */
const beside = 300;

/** A passage with whole lines around it. */
export function around(text: string, [from, to]: readonly [number, number]): { start: number; end: number } {
  const before = from <= beside ? 0 : text.indexOf('\n', from - beside);
  const start = before === -1 || before >= from ? Math.max(from - beside, 0) : before === 0 ? 0 : before + 1;
  const after = text.indexOf('\n', Math.min(to + beside, text.length));
  const end = after === -1 || after > to + 2 * beside ? Math.min(to + 2 * beside, text.length) : after;
  return { start, end };
}
