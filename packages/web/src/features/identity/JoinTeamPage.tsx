import type { MemberInvitationAccepted, MemberInvitationView } from '@rapport/protocol/members';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Page } from '../../lib/Page.tsx';
import { Failure, Field, fieldError, Loading } from '../../lib/ui.tsx';
import { PasswordField } from '../signIn/PasswordField.tsx';

/** Where the link of an invitation into a team leads. */
export function JoinTeamPage() {
  const { t } = useTranslation();
  const { token } = useParams({ strict: false });
  const path = `/join-team/${encodeURIComponent(token ?? '')}`;
  const invitation = useQuery({ queryKey: [path], queryFn: () => api.get<MemberInvitationView>(path) });
  return (
    <Page title={t('joinTeam.title')} narrow>
      {invitation.isPending && <Loading />}
      <Failure error={invitation.error} />
      {invitation.data && <JoinForm path={path} invitation={invitation.data} />}
    </Page>
  );
}

function JoinForm({ path, invitation }: { path: string; invitation: MemberInvitationView }) {
  const { t } = useTranslation();
  const [name, setName] = useState(invitation.name ?? '');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const join = useMutation({
    mutationFn: async () => {
      const body = { name, password, ...(invitation.email || !email ? {} : { email }) };
      const joined = await api.post<MemberInvitationAccepted>(path, body);
      await api.post('/sign-in', { ...joined, password });
    },
    onSuccess: () => location.assign('/'),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    join.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <p>{t('joinTeam.intro', { organisation: invitation.organisation.name })}</p>
      <Field label={t('signIn.name')} error={fieldError(join.error, '/name')}>
        {(ids) => (
          <input
            {...ids}
            required
            maxLength={120}
            autoComplete="name"
            value={name}
            onChange={(e) => setName(e.target.value)}
          />
        )}
      </Field>
      <Field
        label={invitation.email ? t('members.email') : `${t('members.email')} (${t('common.optional')})`}
        error={fieldError(join.error, '/email')}
      >
        {(ids) => (
          <input
            {...ids}
            type="email"
            autoComplete="username"
            readOnly={invitation.email !== null}
            value={invitation.email ?? email}
            onChange={(e) => setEmail(e.target.value)}
          />
        )}
      </Field>
      <PasswordField
        label={t('signIn.password')}
        value={password}
        isNew
        error={fieldError(join.error, '/password')}
        onChange={setPassword}
      />
      <Failure error={join.error} marked />
      <button className="primary" disabled={join.isPending}>
        {t('joinTeam.go')}
      </button>
    </form>
  );
}
