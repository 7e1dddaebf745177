/** The value below which `share` of the values lie. */
export function percentile(values: number[], share: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
}

export const round = (value: number, digits = 2): number => Number(value.toFixed(digits));

/** Milliseconds since the epoch with fractions, comparable between processes of one machine. */
export const instant = (): number => performance.timeOrigin + performance.now();
