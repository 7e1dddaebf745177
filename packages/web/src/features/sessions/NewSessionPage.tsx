import type { Client } from '@rapport/protocol/clients';
import type { Persona } from '@rapport/protocol/personas';
import type { Session } from '@rapport/protocol/sessions';
import { useMutation } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, Field, Loading, useTitle } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';

export function NewSessionPage() {
  const { t } = useTranslation();
  useTitle(t('sessions.new'));
  const personas = usePages<Persona>('/personas');
  const published = personas.items.filter((p) => p.publishedVersion !== null);
  if (personas.isPending) return <Loading />;
  return (
    <main className="page narrow" id="content">
      <h1>{t('sessions.new')}</h1>
      <Failure error={personas.error} />
      {published.length === 0 ? (
        <div className="card empty">
          <p>{t('sessions.needPersona')}</p>
          <Link to="/personas" className="button primary">
            {t('sessions.toPersonas')}
          </Link>
        </div>
      ) : (
        <Form personas={published} />
      )}
    </main>
  );
}

function Form({ personas }: { personas: Persona[] }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const clients = usePages<Client>('/clients');
  const wanted = new URLSearchParams(location.search).get('persona');
  const [personaId, setPersonaId] = useState(wanted ?? personas[0]?.id ?? '');
  const [clientId, setClientId] = useState('');
  const [title, setTitle] = useState('');
  const [policy, setPolicy] = useState('auto');
  const start = useMutation({
    mutationFn: () =>
      api.post<Session>('/sessions', {
        personaId,
        policy,
        ...(clientId ? { clientId } : {}),
        ...(title.trim() ? { title: title.trim() } : {}),
      }),
    onSuccess: (session) => navigate({ to: '/sessions/$id', params: { id: session.id } }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    start.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Field label={t('sessions.persona')}>
        {(ids) => (
          <select {...ids} value={personaId} onChange={(e) => setPersonaId(e.target.value)}>
            {personas.map((p) => (
              <option key={p.id} value={p.id}>
                {p.name} – {p.role}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={`${t('sessions.client')} (${t('common.optional')})`}>
        {(ids) => (
          <select {...ids} value={clientId} onChange={(e) => setClientId(e.target.value)}>
            <option value="">{t('sessions.noClient')}</option>
            {clients.items.map((c) => (
              <option key={c.id} value={c.id}>
                {c.name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={t('sessions.policy')} hint={t('sessions.policyHint')}>
        {(ids) => (
          <select {...ids} value={policy} onChange={(e) => setPolicy(e.target.value)}>
            {(['auto', 'takeover', 'off'] as const).map((p) => (
              <option key={p} value={p}>
                {t(`policy.${p}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={`${t('sessions.titleField')} (${t('common.optional')})`}>
        {(ids) => <input {...ids} maxLength={200} value={title} onChange={(e) => setTitle(e.target.value)} />}
      </Field>
      <Failure error={start.error} />
      <button className="primary" disabled={start.isPending}>
        {t('sessions.start')}
      </button>
    </form>
  );
}
