import { rungs } from '@rapport/protocol/ladder';
import type { Rung } from '@rapport/protocol/supervision';
import { useTranslation } from 'react-i18next';
import { Field } from '../../lib/ui.tsx';

interface Props {
  label: string;
  value: Rung;
  onChange(rung: Rung): void;
  /** What else holds; stands after what the chosen one means. */
  hint?: string | undefined;
  error?: string | undefined;
  disabled?: boolean;
}

/** One rung of the ladder, and in one sentence what it means. */
export function RungField({ label, value, onChange, hint, error, disabled = false }: Props) {
  const { t } = useTranslation();
  const about = t(`policy.about.${value}`);
  return (
    <Field label={label} hint={hint ? `${about} ${hint}` : about} error={error}>
      {(ids) => (
        <select {...ids} disabled={disabled} value={value} onChange={(e) => onChange(e.target.value as Rung)}>
          {rungs.map((rung) => (
            <option key={rung} value={rung}>
              {t(`policy.${rung}`)}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
