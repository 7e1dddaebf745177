import type { Persona, PersonaSpec, PersonaVersion } from '@rapport/protocol/personas';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { isId } from '../../lib/isId.ts';
import { Failure, formatDate, isMissing, Loading, NotFound, useTitle } from '../../lib/ui.tsx';
import { ModelFields } from './ModelFields.tsx';
import { Lists, Who } from './SpecFields.tsx';

const specKeys = [
  'name',
  'role',
  'instructions',
  'description',
  'traits',
  'rules',
  'examples',
  'style',
  'structure',
  'openingLine',
  'model',
  'policy',
  'knowledgeBaseId',
] as const satisfies (keyof PersonaSpec)[];

const listKeys = ['traits', 'rules', 'examples', 'structure'] as const;

const toSpec = (persona: Persona): PersonaSpec =>
  Object.fromEntries(specKeys.map((key) => [key, persona[key]])) as unknown as PersonaSpec;

export function PersonaPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const persona = useQuery({
    queryKey: ['persona', id],
    queryFn: () => api.get<Persona>(`/personas/${id}`),
    enabled: isId(id),
  });
  if (!isId(id) || isMissing(persona.error)) return <NotFound />;
  if (persona.isPending) return <Loading />;
  if (persona.error) {
    return (
      <main className="page narrow" id="content">
        <Failure error={persona.error} />
      </main>
    );
  }
  return <Editor key={id} persona={persona.data} />;
}

function Editor({ persona }: { persona: Persona }) {
  const { t } = useTranslation();
  useTitle(persona.name);
  const queries = useQueryClient();
  const [spec, setSpec] = useState(() => toSpec(persona));
  const refresh = () =>
    queries.invalidateQueries({
      predicate: ({ queryKey }) => ['persona', 'versions', '/personas'].includes(String(queryKey[0])),
    });
  const save = useMutation({
    mutationFn: () => api.patch<Persona>(`/personas/${persona.id}`, spec),
    onSuccess: refresh,
  });
  const publish = useMutation({
    mutationFn: async () => {
      await api.patch(`/personas/${persona.id}`, spec);
      return api.post<PersonaVersion>(`/personas/${persona.id}/publish`);
    },
    onSuccess: refresh,
  });
  const error = save.error ?? publish.error;
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (error) form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  }, [error]);
  const change = (next: PersonaSpec) => {
    // A refusal names a row by its number: with another number of rows it would stand next to the wrong one.
    if (listKeys.some((key) => next[key].length !== spec[key].length)) {
      save.reset();
      publish.reset();
    }
    setSpec(next);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    publish.reset();
    save.mutate();
  };
  return (
    <main className="page" id="content">
      <div className="head">
        <div>
          <h1>{persona.name}</h1>
          <span className={`badge ${persona.publishedVersion === null ? '' : 'on'}`}>
            {persona.publishedVersion === null
              ? t('personas.draft')
              : t('personas.published', { version: persona.publishedVersion })}
          </span>{' '}
          {persona.publishedVersion !== null && persona.draftChanged && (
            <span className="badge warn">{t('personas.changed')}</span>
          )}
        </div>
        {persona.publishedVersion !== null && (
          <Link to="/sessions/new" search={{ persona: persona.id } as never} className="button">
            {t('personas.startSession')}
          </Link>
        )}
      </div>
      <form onSubmit={submit} ref={form}>
        <Who spec={spec} onChange={change} error={error} />
        <Lists spec={spec} onChange={change} error={error} />
        <ModelFields spec={spec} onChange={change} error={error} />
        <Failure error={error} marked />
        {publish.data && (
          <p className="note" role="status">
            {t('personas.publishedNow', { version: publish.data.version })}
          </p>
        )}
        <div className="row">
          <button disabled={save.isPending}>{t('common.save')}</button>
          <button type="button" className="primary" disabled={publish.isPending} onClick={() => publish.mutate()}>
            {t('personas.publish')}
          </button>
          {save.isSuccess && !publish.data && <span role="status">{t('common.saved')}</span>}
        </div>
      </form>
      <Versions id={persona.id} />
    </main>
  );
}

function Versions({ id }: { id: string }) {
  const { t } = useTranslation();
  const versions = useQuery({
    queryKey: ['versions', id],
    queryFn: () => api.get<{ items: PersonaVersion[] }>(`/personas/${id}/versions`),
  });
  if (!versions.data?.items.length) return null;
  return (
    <section>
      <br />
      <h2>{t('personas.versions')}</h2>
      <ul className="list">
        {versions.data.items.map((v) => (
          <li key={v.version} className="card">
            <strong>{t('personas.published', { version: v.version })}</strong>{' '}
            <span className="soft small">{formatDate(v.publishedAt)}</span>
            <details>
              <summary>{t('personas.instructions')}</summary>
              <p>{v.spec.instructions}</p>
            </details>
          </li>
        ))}
      </ul>
    </section>
  );
}
