import type { Member } from '@rapport/protocol/members';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, Field, fieldError } from '../../lib/ui.tsx';
import { RoleChecks } from './RoleChecks.tsx';

/** What an organisation decides about one of its members. */
export function MemberForm({ member, onDone }: { member: Member; onDone(): void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [name, setName] = useState(member.name);
  const [email, setEmail] = useState(member.email ?? '');
  const [roles, setRoles] = useState(member.roles);
  const [removing, setRemoving] = useState(false);
  const done = async () => {
    await queries.invalidateQueries();
    onDone();
  };
  const save = useMutation({
    mutationFn: (status: Member['status']) =>
      api.patch(`/members/${member.id}`, {
        ...(name === member.name ? {} : { name }),
        ...(email === (member.email ?? '') ? {} : { email: email || null }),
        ...(roles.join() === member.roles.join() ? {} : { roles }),
        status,
      }),
    onSuccess: done,
  });
  const remove = useMutation({ mutationFn: () => api.delete(`/members/${member.id}`), onSuccess: done });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(member.status);
  };
  const other = member.status === 'active' ? 'disabled' : 'active';
  return (
    <form className="stack" onSubmit={submit}>
      <Field label={t('common.name')} error={fieldError(save.error, '/name')}>
        {(ids) => <input {...ids} required maxLength={120} value={name} onChange={(e) => setName(e.target.value)} />}
      </Field>
      <Field label={`${t('members.email')} (${t('common.optional')})`} error={fieldError(save.error, '/email')}>
        {(ids) => <input {...ids} type="email" value={email} onChange={(e) => setEmail(e.target.value)} />}
      </Field>
      <RoleChecks chosen={roles} onChange={setRoles} error={fieldError(save.error, '/roles')} />
      <Failure error={save.error ?? remove.error} />
      <div className="row">
        <button className="primary" disabled={save.isPending || roles.length === 0}>
          {t('common.save')}
        </button>
        <button type="button" disabled={save.isPending} onClick={() => save.mutate(other)}>
          {other === 'disabled' ? t('members.disable') : t('members.enable')}
        </button>
        <button type="button" className="danger" onClick={() => setRemoving(true)}>
          {t('members.remove')}
        </button>
      </div>
      {removing && (
        <div className="note warn stack" role="alert">
          <p>{t('members.removeText', { name: member.name })}</p>
          <div className="row">
            <button type="button" className="danger" disabled={remove.isPending} onClick={() => remove.mutate()}>
              {t('members.removeNow')}
            </button>
            <button type="button" onClick={() => setRemoving(false)}>
              {t('common.cancel')}
            </button>
          </div>
        </div>
      )}
    </form>
  );
}
