import type { RiskFinding } from '@rapport/protocol/safety';
import { useTranslation } from 'react-i18next';
import { stretchesOf } from './stretches.ts';

/** Words with what was found in them. `from`: where the piece begins in the text that the findings are of. */
export function Marked({
  text,
  from = 0,
  findings,
}: {
  text: string;
  from?: number;
  findings: readonly RiskFinding[];
}) {
  return stretchesOf(text, from, findings).map((one, at) => (one.marked ? <mark key={at}>{one.text}</mark> : one.text));
}

/** What it is that was found. */
export function FoundBadge({ findings: [worst] }: { findings: readonly RiskFinding[] }) {
  const { t } = useTranslation();
  if (!worst) return null;
  return (
    <span className="badge warn">
      {t('risk.marked', { category: t(`risk.${worst.category}`), level: t(`risk.${worst.level}`) })}
    </span>
  );
}
