const height = 60;
/** So that nothing at all is seen as little. */
const least = 0.5;

interface Props {
  /** What a reader who sees no picture is told of it; the figures stand in a table beside it. */
  label: string;
  bars: { key: string | number; parts: { kind: string; value: number }[] }[];
  /** What a whole bar stands for; absent: the largest of them. */
  most?: number;
  tall?: boolean;
}

/** Bars of one or several parts, from the bottom up. */
export function Bars({ label, bars, most, tall = false }: Props) {
  const sums = bars.map(({ parts }) => parts.reduce((sum, { value }) => sum + value, 0));
  const whole = most ?? Math.max(1, ...sums);
  return (
    <svg
      className={tall ? 'bars tall' : 'bars'}
      role="img"
      aria-label={label}
      viewBox={`0 0 ${bars.length * 10} ${height}`}
      preserveAspectRatio="none"
    >
      {bars.map(({ key, parts }, at) => {
        let below = 0;
        return parts.map(({ kind, value }, place) => {
          const size = Math.max(place === 0 ? least : 0, (value / whole) * height);
          below += size;
          return (
            <rect key={`${key}-${kind}`} className={kind} x={at * 10 + 1} y={height - below} width={8} height={size} />
          );
        });
      })}
    </svg>
  );
}

/** What the parts of bars stand for. */
export function Legend({ kinds }: { kinds: { kind: string; name: string }[] }) {
  return (
    <ul className="row plain legend">
      {kinds.map(({ kind, name }) => (
        <li key={kind} className={`small ${kind}`}>
          {name}
        </li>
      ))}
    </ul>
  );
}
