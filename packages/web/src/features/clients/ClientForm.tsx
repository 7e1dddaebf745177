import type { Client, ClientCreate, PersonaKnows } from '@rapport/protocol/clients';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, Field, fieldError } from '../../lib/ui.tsx';
import { Checks } from '../identity/Checks.tsx';
import { RungField } from '../supervision/RungField.tsx';
import { errorOfMany, pieces } from './pieces.ts';

const parts = ['goals', 'riskFactors', 'notes'] as const;

const draftOf = (client?: Client) => ({
  name: client?.name ?? '',
  language: client?.language ?? 'en',
  contact: client?.contact ?? '',
  tags: client?.tags.join(', ') ?? '',
  about: client?.about ?? '',
  riskFactors: client?.riskFactors.join('\n') ?? '',
  knows: parts.filter((part) => (client ? client.personaKnows[part] : part !== 'notes')) as string[],
  policy: client?.policy ?? 'auto',
});
type Draft = ReturnType<typeof draftOf>;

const bodyOf = ({ tags, riskFactors, knows, ...draft }: Draft) =>
  ({
    ...draft,
    tags: pieces(tags, ','),
    riskFactors: pieces(riskFactors, '\n'),
    personaKnows: Object.fromEntries(parts.map((part) => [part, knows.includes(part)])) as PersonaKnows,
  }) satisfies ClientCreate;

/** A new client, or the profile of one. */
export function ClientForm({ client, onSaved }: { client?: Client; onSaved?(client: Client): void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [draft, setDraft] = useState(() => draftOf(client));
  const change = (more: Partial<Draft>) => setDraft({ ...draft, ...more });
  const save = useMutation({
    mutationFn: () =>
      client ? api.patch<Client>(`/clients/${client.id}`, bodyOf(draft)) : api.post<Client>('/clients', bodyOf(draft)),
    onSuccess: async (next) => {
      queries.setQueryData(['client', next.id], next);
      await queries.invalidateQueries({ queryKey: ['/clients'] });
      onSaved?.(next);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Fields draft={draft} change={change} error={save.error} />
      <Checks
        legend={t('clients.knows')}
        choices={parts.map((part) => ({ id: part, name: t(`clients.known.${part}`) }))}
        chosen={draft.knows}
        onChange={(knows) => change({ knows })}
      />
      <RungField
        label={t('policy.client')}
        value={draft.policy}
        onChange={(policy) => change({ policy })}
        error={fieldError(save.error, '/policy')}
      />
      <Failure error={save.error} marked />
      <div className="row">
        <button className="primary" disabled={save.isPending}>
          {t('common.save')}
        </button>
        {save.isSuccess && <span role="status">{t('common.saved')}</span>}
      </div>
    </form>
  );
}

interface FieldsProps {
  draft: Draft;
  change(more: Partial<Draft>): void;
  error: unknown;
}

function Fields({ draft, change, error }: FieldsProps) {
  const { t } = useTranslation();
  const optional = (label: string) => `${label} (${t('common.optional')})`;
  const lineOf = (key: 'name' | 'language' | 'contact' | 'tags', label: string, max: number, hint?: string) => (
    <Field label={label} hint={hint} error={errorOfMany(error, `/${key}`, key === 'tags' ? 20 : 0)}>
      {(ids) => (
        <input
          {...ids}
          required={key === 'name' || key === 'language'}
          maxLength={max}
          value={draft[key]}
          onChange={(e) => change({ [key]: e.target.value })}
        />
      )}
    </Field>
  );
  const area = (key: 'about' | 'riskFactors', label: string, max: number, hint: string) => (
    <Field label={optional(label)} hint={hint} error={errorOfMany(error, `/${key}`, key === 'riskFactors' ? 30 : 0)}>
      {(ids) => (
        <textarea {...ids} maxLength={max} value={draft[key]} onChange={(e) => change({ [key]: e.target.value })} />
      )}
    </Field>
  );
  return (
    <>
      {lineOf('name', t('common.name'), 120, t('clients.nameHint'))}
      {lineOf('language', t('clients.language'), 35, t('clients.languageHint'))}
      {lineOf('contact', optional(t('clients.contact')), 500, t('clients.contactHint'))}
      {lineOf('tags', optional(t('knowledge.tags')), 840, t('knowledge.tagsHint'))}
      {area('about', t('clients.about'), 8000, t('clients.aboutHint'))}
      {area('riskFactors', t('clients.riskFactors'), 6000, t('clients.riskFactorsHint'))}
    </>
  );
}
