import { rungs } from '@rapport/protocol/ladder';
import type { Rung } from '@rapport/protocol/supervision';
import { useTranslation } from 'react-i18next';
import { Field } from '../../lib/ui.tsx';
import { usePacks } from './usePacks.ts';

interface Props {
  label: string;
  value: Rung;
  onChange(rung: Rung): void;
  /** What else holds; stands after what the chosen one means. */
  hint?: string | undefined;
  error?: string | undefined;
  disabled?: boolean;
}

/** What is too weak for a jurisdiction pack, and the sentence that says which pack. */
function useLeast(): { tooWeak(rung: Rung): boolean; why: string | undefined } {
  const { t } = useTranslation();
  const { data } = usePacks();
  const least = data?.inForce.leastRung ?? 'auto';
  if (!data || least === 'auto') return { tooWeak: () => false, why: undefined };
  const packs = data.items
    .filter((pack) => pack.inForce && pack.rules.some((one) => one.rule === 'least-rung' && one.rung === least))
    .map(({ title }) => title)
    .join(', ');
  return {
    tooWeak: (rung) => rungs.indexOf(rung) < rungs.indexOf(least),
    why: t('packs.least', { packs, rung: t(`policy.${least}`) }),
  };
}

/** One rung of the ladder, and in one sentence what it means. */
export function RungField({ label, value, onChange, hint, error, disabled = false }: Props) {
  const { t } = useTranslation();
  const { tooWeak, why } = useLeast();
  const about = [t(`policy.about.${value}`), hint, why].filter(Boolean).join(' ');
  return (
    <Field label={label} hint={about} error={error}>
      {(ids) => (
        <select {...ids} disabled={disabled} value={value} onChange={(e) => onChange(e.target.value as Rung)}>
          {rungs.map((rung) => (
            <option key={rung} value={rung} disabled={tooWeak(rung) && rung !== value}>
              {t(`policy.${rung}`)}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
