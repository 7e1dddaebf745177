import { isPermission } from '@rapport/protocol/permissions';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../lib/me.ts';
import { Checks } from './Checks.tsx';
import { useRoles } from './roleNames.ts';

interface Props {
  chosen: readonly string[];
  error?: string | undefined;
  onChange(roles: string[]): void;
}

/** A role that gives more than one has oneself can neither be given nor taken. */
export function RoleChecks({ chosen, error, onChange }: Props) {
  const { t } = useTranslation();
  const may = useMay();
  const { items, nameOf } = useRoles();
  const choices = items.map((role) => ({
    id: role.id,
    name: nameOf(role.id),
    hint: role.about,
    fixed: !role.permissions.every((name) => isPermission(name) && may(name)),
  }));
  return <Checks legend={t('roles.title')} choices={choices} chosen={chosen} error={error} onChange={onChange} />;
}
