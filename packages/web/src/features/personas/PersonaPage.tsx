import type { Persona, PersonaSpec, PersonaVersion } from '@rapport/protocol/personas';
import { ApiError } from '@rapport/sdk/api';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useBlocker, useParams } from '@tanstack/react-router';
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { mayOpen } from '../../lib/access.ts';
import { api } from '../../lib/api.ts';
import { isId } from '../../lib/isId.ts';
import { useMay } from '../../lib/me.ts';
import { NotFound, Page } from '../../lib/Page.tsx';
import { Failure, formatDate, isMissing, Loading, useTitle } from '../../lib/ui.tsx';
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
  'onlyMaterial',
  'rewriteQuestions',
] as const satisfies (keyof PersonaSpec)[];

const listKeys = ['traits', 'rules', 'examples', 'structure'] as const;

const toSpec = (persona: Persona): PersonaSpec =>
  Object.fromEntries(specKeys.map((key) => [key, persona[key]])) as unknown as PersonaSpec;

/** The parts that were changed, and no other: two who change different parts do not undo each other. */
const changesOf = (before: PersonaSpec, now: PersonaSpec): Partial<PersonaSpec> =>
  Object.fromEntries(
    specKeys.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(now[key])).map((key) => [key, now[key]]),
  );

export function PersonaPage() {
  const { t } = useTranslation();
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
      <Page title={t('personas.title')} narrow>
        <Failure error={persona.error} />
      </Page>
    );
  }
  return <Editor key={id} persona={persona.data} />;
}

/** A draft being edited: what was read, what stands in the fields, and what can be done with the difference. */
function useDraft(persona: Persona) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const path = `/personas/${persona.id}`;
  // What is being edited was read from this; a newer one from the server never replaces it unasked.
  const [base, setBase] = useState(persona);
  const [spec, setSpec] = useState(() => toSpec(persona));
  const changes = changesOf(toSpec(base), spec);
  const dirty = Object.keys(changes).length > 0;
  const refresh = () =>
    queries.invalidateQueries({
      predicate: ({ queryKey }) => ['versions', '/personas'].includes(String(queryKey[0])),
    });
  const take = (next: Persona) => {
    setBase(next);
    // The server trims what it stores; what was typed meanwhile stays.
    setSpec((now) => (now === spec ? toSpec(next) : now));
    queries.setQueryData(['persona', persona.id], next);
    return refresh();
  };
  /** Only what was changed here, and only onto what was read here. */
  const patch = () => api.patch<Persona>(path, { ...changes, ifUpdatedAt: base.updatedAt });
  const save = useMutation({ mutationFn: patch, onSuccess: take });
  const publish = useMutation({
    mutationFn: async () => {
      if (dirty) setBase(await patch());
      const version = await api.post<PersonaVersion>(`${path}/publish`);
      await take(await api.get<Persona>(path));
      return version;
    },
  });
  const archive = useMutation({
    mutationFn: () => api.patch<Persona>(path, { archived: !base.archived, ifUpdatedAt: base.updatedAt }),
    onSuccess(next) {
      setBase(next);
      queries.setQueryData(['persona', persona.id], next);
      return refresh();
    },
  });
  useBlocker({
    shouldBlockFn: () => dirty && !window.confirm(t('personas.leave')),
    enableBeforeUnload: dirty,
    disabled: !dirty,
  });
  const failed = save.error ?? publish.error ?? archive.error;
  const error: unknown = failed instanceof ApiError && failed.code === 'conflict' ? t('personas.conflict') : failed;
  const busy = save.isPending || publish.isPending || archive.isPending;
  return { base, spec, setSpec, dirty, save, publish, archive, error, busy };
}

function Editor({ persona }: { persona: Persona }) {
  const { t } = useTranslation();
  const { base, spec, setSpec, dirty, save, publish, archive, error, busy } = useDraft(persona);
  useTitle(base.name);
  const may = useMay();
  const mayWrite = may('personas.author');
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (error) form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  }, [error]);
  const change = (next: PersonaSpec) => {
    // A refusal names a row by its number: with another number of rows it would stand next to the wrong one.
    if (listKeys.some((key) => next[key].length !== spec[key].length)) save.reset();
    // What is saved or published is not what stands here any more.
    if (save.isSuccess) save.reset();
    if (!publish.isPending) publish.reset();
    setSpec(next);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    publish.reset();
    save.mutate();
  };
  return (
    <main className="page" id="content">
      <Head persona={base} />
      <form onSubmit={submit} ref={form}>
        <fieldset className="bare" disabled={!mayWrite}>
          <Who spec={spec} onChange={change} error={error} />
          <Lists spec={spec} onChange={change} error={error} />
          <ModelFields spec={spec} onChange={change} error={error} />
        </fieldset>
        <Failure error={error} marked />
        {publish.data && (
          <p className="note" role="status">
            {t('personas.publishedNow', { version: publish.data.version })}
          </p>
        )}
        <div className="row">
          {mayWrite && <button disabled={busy || !dirty}>{t('common.save')}</button>}
          {may('personas.publish') && (
            <button
              type="button"
              className="primary"
              disabled={busy || !(dirty || base.draftChanged || base.publishedVersion === null)}
              onClick={() => publish.mutate()}
            >
              {t('personas.publish')}
            </button>
          )}
          {mayWrite && (
            <button type="button" disabled={busy} onClick={() => archive.mutate()}>
              {base.archived ? t('personas.restore') : t('personas.archive')}
            </button>
          )}
          {!dirty && !base.draftChanged && base.publishedVersion !== null && !publish.data && (
            <span className="soft small">{t('personas.unchanged')}</span>
          )}
          {save.isSuccess && !publish.data && <span role="status">{t('common.saved')}</span>}
        </div>
      </form>
      <Versions id={persona.id} />
      {mayOpen('/personas/$id/memories', may) && (
        <p>
          <Link to="/personas/$id/memories" params={{ id: persona.id }}>
            {t('memory.title')}
          </Link>
        </p>
      )}
    </main>
  );
}

function Head({ persona }: { persona: Persona }) {
  const { t } = useTranslation();
  const may = useMay();
  return (
    <div className="head">
      <div>
        <h1 dir="auto">{persona.name}</h1>
        <span className={`badge ${persona.publishedVersion === null ? '' : 'on'}`}>
          {persona.publishedVersion === null
            ? t('personas.draft')
            : t('personas.published', { version: persona.publishedVersion })}
        </span>{' '}
        {persona.publishedVersion !== null && persona.draftChanged && (
          <span className="badge warn">{t('personas.changed')}</span>
        )}{' '}
        {persona.archived && <span className="badge warn">{t('personas.archived')}</span>}
      </div>
      {persona.publishedVersion !== null && !persona.archived && mayOpen('/sessions/new', may) && (
        <Link to="/sessions/new" search={{ persona: persona.id } as never} className="button">
          {t('personas.startSession')}
        </Link>
      )}
    </div>
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
    <section className="stack">
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
