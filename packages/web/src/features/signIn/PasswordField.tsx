import { useTranslation } from 'react-i18next';
import { Field } from '../../lib/ui.tsx';

interface Props {
  label: string;
  value: string;
  /** A new one is as long as the rules ask; one that was set before is taken as it is. */
  isNew?: boolean;
  error?: string | undefined;
  onChange(password: string): void;
}

export function PasswordField({ label, value, isNew = false, error, onChange }: Props) {
  const { t } = useTranslation();
  return (
    <Field label={label} hint={isNew ? t('security.passwordHint') : undefined} error={error}>
      {(ids) => (
        <input
          {...ids}
          type="password"
          required
          autoComplete={isNew ? 'new-password' : 'current-password'}
          {...(isNew ? { minLength: 12, maxLength: 200 } : {})}
          value={value}
          onChange={(e) => onChange(e.target.value)}
        />
      )}
    </Field>
  );
}
