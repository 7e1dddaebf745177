import { permissionGroups, permissions, type Permission } from '@rapport/protocol/permissions';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../lib/me.ts';
import { Checks } from './Checks.tsx';

interface Props {
  /** Which of the catalogue are on offer. */
  offered: readonly Permission[];
  chosen: readonly string[];
  onChange(chosen: string[]): void;
}

/** The catalogue by groups, as the protocol words it. Nobody gives what they lack, so that is shown and cannot be chosen. */
export function PermissionChecks({ offered, chosen, onChange }: Props) {
  const { t } = useTranslation();
  const may = useMay();
  const groups: Record<(typeof permissionGroups)[number], string> = {
    account: t('permissions.account'),
    organisation: t('permissions.organisation'),
    members: t('permissions.members'),
    knowledge: t('permissions.knowledge'),
    personas: t('permissions.personas'),
    clients: t('permissions.clients'),
    sessions: t('permissions.sessions'),
    privacy: t('permissions.privacy'),
    oversight: t('permissions.oversight'),
  };
  return permissionGroups.map((group) => {
    const choices = offered
      .filter((name) => permissions[name].group === group)
      .map((name) => ({ id: name, name: permissions[name].text, hint: name, fixed: !may(name) }));
    if (choices.length === 0) return null;
    return <Checks key={group} legend={groups[group]} choices={choices} chosen={chosen} onChange={onChange} />;
  });
}
