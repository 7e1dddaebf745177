import { useTranslation } from 'react-i18next';
import { useMe } from '../../lib/me.ts';
import { Failure, Field } from '../../lib/ui.tsx';
import { useAllMembers } from '../identity/everybody.ts';

interface Props {
  label: string;
  hint?: string;
  value: string;
  onChange(userId: string): void;
  required?: boolean;
}

/** One of the others of the team. */
export function Colleague({ label, hint, value, onChange, required = false }: Props) {
  const { t } = useTranslation();
  const me = useMe().data?.userId;
  const members = useAllMembers();
  const others = members.data?.filter((one) => one.id !== me && one.status === 'active') ?? [];
  return (
    <>
      <Field label={label} hint={hint}>
        {(ids) => (
          <select {...ids} required={required} value={value} onChange={(e) => onChange(e.target.value)}>
            <option value="">{t('review.nobody')}</option>
            {others.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Failure error={members.error} />
    </>
  );
}
