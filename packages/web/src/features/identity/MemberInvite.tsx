import type { MemberInvitationCreated } from '@rapport/protocol/members';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { CopyButton, Failure, Field, fieldError } from '../../lib/ui.tsx';
import { RoleChecks } from './RoleChecks.tsx';

/** Makes the link by which somebody joins the team. */
export function MemberInvite() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [email, setEmail] = useState('');
  const [roles, setRoles] = useState<string[]>(['facilitator']);
  const create = useMutation({
    mutationFn: () =>
      api.post<MemberInvitationCreated>('/member-invitations', { roles, ...(email ? { email: email.trim() } : {}) }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['/member-invitations'] }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  if (create.data)
    return (
      <div className="stack">
        {create.data.sent && <p role="status">{t('members.sent', { email })}</p>}
        <Field label={t('invite.link')} hint={t('invite.once')}>
          {(ids) => <input {...ids} readOnly value={create.data.url} onFocus={(e) => e.target.select()} />}
        </Field>
        <CopyButton text={create.data.url} className="primary" />
      </div>
    );
  return (
    <form className="stack" onSubmit={submit}>
      <Field
        label={`${t('members.email')} (${t('common.optional')})`}
        hint={t('members.emailHint')}
        error={fieldError(create.error, '/email')}
      >
        {(ids) => <input {...ids} type="email" value={email} onChange={(e) => setEmail(e.target.value)} />}
      </Field>
      <RoleChecks chosen={roles} onChange={setRoles} error={fieldError(create.error, '/roles')} />
      <Failure error={create.error} marked />
      <button className="primary" disabled={create.isPending || roles.length === 0}>
        {t('invite.create')}
      </button>
    </form>
  );
}
