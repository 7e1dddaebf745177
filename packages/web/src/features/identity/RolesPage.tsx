import type { Role } from '@rapport/protocol/members';
import { grantablePermissions, isPermission, permissions } from '@rapport/protocol/permissions';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { List, Page } from '../../lib/Page.tsx';
import { Dialog, Failure, Field, fieldError } from '../../lib/ui.tsx';
import { PermissionChecks } from './PermissionChecks.tsx';
import { useRoles } from './roleNames.ts';

const fresh: Role = { id: '', name: '', about: '', builtIn: false, permissions: [], members: 0 };

export function RolesPage() {
  const { t } = useTranslation();
  const may = useMay();
  const roles = useRoles();
  const [open, setOpen] = useState<Role | null>(null);
  const mayEdit = may('roles.manage');
  return (
    <Page
      title={t('roles.title')}
      actions={
        mayEdit && (
          <button type="button" className="primary" onClick={() => setOpen(fresh)}>
            {t('roles.new')}
          </button>
        )
      }
    >
      <List list={roles} empty={null}>
        {(role) => (
          <>
            <div className="grow">
              <strong>{roles.nameOf(role.id)}</strong>{' '}
              {role.builtIn && <span className="badge">{t('roles.builtIn')}</span>}
              <br />
              <span className="soft small">
                {[role.about, t('roles.members', { count: role.members })].filter(Boolean).join(' ')}
              </span>
            </div>
            <button
              type="button"
              aria-label={`${t('common.open')}: ${roles.nameOf(role.id)}`}
              onClick={() => setOpen(role)}
            >
              {t('common.open')}
            </button>
          </>
        )}
      </List>
      <Dialog
        open={open !== null}
        title={open?.id ? roles.nameOf(open.id) : t('roles.new')}
        onClose={() => setOpen(null)}
      >
        {open && (open.builtIn || !mayEdit) && <Allowed role={open} />}
        {open && !open.builtIn && mayEdit && <RoleForm role={open} onDone={() => setOpen(null)} />}
      </Dialog>
    </Page>
  );
}

function Allowed({ role }: { role: Role }) {
  return (
    <ul>
      {role.permissions.filter(isPermission).map((name) => (
        <li key={name}>{permissions[name].text}</li>
      ))}
    </ul>
  );
}

function RoleForm({ role, onDone }: { role: Role; onDone(): void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [name, setName] = useState(role.name);
  const [about, setAbout] = useState(role.about);
  const [chosen, setChosen] = useState(role.permissions);
  const done = async () => {
    await queries.invalidateQueries();
    onDone();
  };
  const save = useMutation({
    mutationFn: () => {
      const body = { name, about, permissions: chosen };
      return role.id ? api.patch(`/roles/${role.id}`, body) : api.post('/roles', body);
    },
    onSuccess: done,
  });
  const remove = useMutation({ mutationFn: () => api.delete(`/roles/${role.id}`), onSuccess: done });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Field label={t('common.name')} error={fieldError(save.error, '/name')}>
        {(ids) => <input {...ids} required maxLength={60} value={name} onChange={(e) => setName(e.target.value)} />}
      </Field>
      <Field label={`${t('roles.about')} (${t('common.optional')})`} error={fieldError(save.error, '/about')}>
        {(ids) => <input {...ids} maxLength={500} value={about} onChange={(e) => setAbout(e.target.value)} />}
      </Field>
      <PermissionChecks offered={grantablePermissions} chosen={chosen} onChange={setChosen} />
      <Failure error={save.error ?? remove.error} marked />
      <div className="row">
        <button className="primary" disabled={save.isPending}>
          {t('common.save')}
        </button>
        {role.id && (
          <button type="button" className="danger" disabled={remove.isPending} onClick={() => remove.mutate()}>
            {t('common.delete')}
          </button>
        )}
      </div>
    </form>
  );
}
