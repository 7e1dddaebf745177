import type { Client } from '@rapport/protocol/clients';
import type { Persona } from '@rapport/protocol/personas';
import type { Session } from '@rapport/protocol/sessions';
import type { Rung } from '@rapport/protocol/supervision';
import type { Thread } from '@rapport/protocol/threads';
import { useMutation } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useRef, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { isId } from '../../lib/isId.ts';
import { useMay } from '../../lib/me.ts';
import { Empty, Page } from '../../lib/Page.tsx';
import { Picker } from '../../lib/Picker.tsx';
import { Failure, Field, Loading } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';
import { RungField } from '../supervision/RungField.tsx';

const ready = { published: 'true' };

export function NewSessionPage() {
  const { t } = useTranslation();
  const may = useMay();
  const personas = usePages<Persona>('/personas', ready);
  return (
    <Page title={t('sessions.new')} narrow>
      {personas.isPending && <Loading />}
      <Failure error={personas.error} />
      {personas.isSuccess && personas.items.length === 0 && (
        <Empty title={t(may('personas.publish') ? 'sessions.needPersona' : 'sessions.noPersona')}>
          {may('personas.publish') && (
            <Link to="/personas" className="button primary">
              {t('sessions.toPersonas')}
            </Link>
          )}
        </Empty>
      )}
      {personas.items.length > 0 && <Form personas={personas.items} />}
    </Page>
  );
}

function Form({ personas }: { personas: Persona[] }) {
  const { t } = useTranslation();
  const may = useMay();
  const navigate = useNavigate();
  const wanted = useSearch({ strict: false }) as Record<'persona' | 'client' | 'thread', unknown>;
  const [only] = personas.length === 1 ? personas : [];
  const [personaId, setPersonaId] = useState(isId(wanted.persona) ? wanted.persona : (only?.id ?? null));
  const [clientId, setClientId] = useState(isId(wanted.client) ? wanted.client : null);
  const [threadId, setThreadId] = useState(clientId !== null && isId(wanted.thread) ? wanted.thread : null);
  const [title, setTitle] = useState('');
  const [policy, setPolicy] = useState<Rung>('auto');
  const [asked, setAsked] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const start = useMutation({
    mutationFn: () =>
      api.post<Session>('/sessions', {
        personaId,
        policy,
        ...(clientId ? { clientId } : {}),
        ...(clientId && threadId ? { threadId } : {}),
        ...(title.trim() ? { title: title.trim() } : {}),
      }),
    onSuccess: (session) => navigate({ to: '/sessions/$id', params: { id: session.id } }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setAsked(true);
    // A field that holds half a name says so itself; nobody is started with by chance.
    const unclear = form.current?.querySelector<HTMLElement>('[role=combobox][aria-invalid]');
    if (unclear) unclear.focus();
    else if (personaId === null) form.current?.querySelector<HTMLElement>('[role=combobox]')?.focus();
    else start.mutate();
  };
  return (
    <form className="stack" onSubmit={submit} ref={form}>
      <Picker<Persona>
        label={t('sessions.persona')}
        path="/personas"
        query={ready}
        nameOf={(p) => p.name}
        detailOf={(p) => p.role}
        value={personaId}
        onPick={setPersonaId}
        error={asked && personaId === null ? t('sessions.choosePersona') : undefined}
      />
      {may('clients.read') && (
        <Picker<Client>
          label={`${t('sessions.client')} (${t('common.optional')})`}
          path="/clients"
          nameOf={(c) => c.name}
          value={clientId}
          onPick={(id) => {
            setClientId(id);
            setThreadId(null);
          }}
          none={t('sessions.noClient')}
        />
      )}
      {may('clients.read') && clientId && (
        <Picker<Thread>
          key={clientId}
          label={`${t('threads.one')} (${t('common.optional')})`}
          path="/threads"
          query={{ clientId }}
          nameOf={(thread) => thread.name}
          detailOf={(thread) => thread.stage}
          value={threadId}
          onPick={setThreadId}
          none={t('threads.noThread')}
        />
      )}
      <RungField label={t('sessions.policy')} hint={t('sessions.policyHint')} value={policy} onChange={setPolicy} />
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
