import type { Member } from '@rapport/protocol/members';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMe } from '../../lib/me.ts';
import { Failure, Field, fieldError, isolated } from '../../lib/ui.tsx';
import { RoleChecks } from './RoleChecks.tsx';

/** What an organisation decides about one of its members. */
export function MemberForm({ member, onDone }: { member: Member; onDone(): void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [name, setName] = useState(member.name);
  const [email, setEmail] = useState(member.email ?? '');
  const [roles, setRoles] = useState(member.roles);
  const [asked, setAsked] = useState<'remove' | 'reset' | null>(null);
  const isMe = useMe().data?.userId === member.id;
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
  const reset = useMutation({
    mutationFn: () => api.post(`/members/${member.id}/reset-factors`),
    onSettled: () => setAsked(null),
  });
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
      <Failure error={save.error ?? remove.error ?? reset.error} marked />
      <div className="row">
        <button className="primary" disabled={save.isPending || roles.length === 0}>
          {t('common.save')}
        </button>
        <button type="button" disabled={save.isPending} onClick={() => save.mutate(other)}>
          {other === 'disabled' ? t('members.disable') : t('members.enable')}
        </button>
        {!isMe && (
          <button type="button" onClick={() => setAsked('reset')}>
            {t('members.reset')}
          </button>
        )}
        <button type="button" className="danger" onClick={() => setAsked('remove')}>
          {t('members.remove')}
        </button>
      </div>
      {reset.isSuccess && <p role="status">{t('members.resetDone', { name: isolated(member.name) })}</p>}
      {asked === 'remove' && (
        <Sure
          text={t('members.removeText', { name: isolated(member.name) })}
          action={t('members.removeNow')}
          busy={remove.isPending}
          onYes={() => remove.mutate()}
          onNo={() => setAsked(null)}
        />
      )}
      {asked === 'reset' && (
        <Sure
          text={t('members.resetText', { name: isolated(member.name) })}
          action={t('members.resetNow')}
          busy={reset.isPending}
          onYes={() => reset.mutate()}
          onNo={() => setAsked(null)}
        />
      )}
    </form>
  );
}

interface SureProps {
  text: string;
  action: string;
  busy: boolean;
  onYes(): void;
  onNo(): void;
}

/** What it would mean, and the last chance to leave it; inside a dialog no second one is opened. */
function Sure({ text, action, busy, onYes, onNo }: SureProps) {
  const { t } = useTranslation();
  return (
    <div className="note warn stack" role="alert">
      <p>{text}</p>
      <div className="row">
        <button type="button" className="danger" disabled={busy} onClick={onYes}>
          {action}
        </button>
        <button type="button" onClick={onNo}>
          {t('common.cancel')}
        </button>
      </div>
    </div>
  );
}
