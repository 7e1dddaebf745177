import type { KnowledgeAudience, KnowledgeBaseDetail } from '@rapport/protocol/knowledge';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Confirm } from '../../lib/Confirm.tsx';
import { useMay } from '../../lib/me.ts';
import { Failure, Field, fieldError } from '../../lib/ui.tsx';
import { Checks } from '../identity/Checks.tsx';
import { useAllMembers, useAllTeams } from '../identity/everybody.ts';
import { basePath, refreshBase } from './base.ts';

interface Props {
  base: KnowledgeBaseDetail;
  onDone(): void;
}

export function BaseSettings({ base, onDone }: Props) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [name, setName] = useState(base.name);
  const [description, setDescription] = useState(base.description);
  const [language, setLanguage] = useState(base.language ?? '');
  const [audience, setAudience] = useState(base.audience);
  const [publishUnlessLost, setPublishUnlessLost] = useState(base.publishUnlessLost);
  const save = useMutation({
    mutationFn: () =>
      api.put(basePath(base.id), {
        name,
        description,
        language: language.trim() || null,
        audience,
        publishUnlessLost,
      }),
    onSuccess: async () => {
      onDone();
      await refreshBase(queries, base.id);
      await queries.invalidateQueries({ queryKey: ['/knowledge-bases'] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <>
      <form className="stack" onSubmit={submit}>
        <Field label={t('common.name')} error={fieldError(save.error, '/name')}>
          {(ids) => (
            <input
              {...ids}
              required
              maxLength={200}
              dir="auto"
              value={name}
              onChange={(e) => setName(e.target.value)}
            />
          )}
        </Field>
        <Field label={t('knowledge.description')} error={fieldError(save.error, '/description')}>
          {(ids) => (
            <textarea
              {...ids}
              maxLength={2000}
              dir="auto"
              value={description}
              onChange={(e) => setDescription(e.target.value)}
            />
          )}
        </Field>
        <Field
          label={`${t('knowledge.language')} (${t('common.optional')})`}
          hint={t('knowledge.languageHint')}
          error={fieldError(save.error, '/language')}
        >
          {(ids) => <input {...ids} maxLength={35} value={language} onChange={(e) => setLanguage(e.target.value)} />}
        </Field>
        <Readers audience={audience} error={fieldError(save.error, '/audience')} onChange={setAudience} />
        <label className="check">
          <input type="checkbox" checked={publishUnlessLost} onChange={(e) => setPublishUnlessLost(e.target.checked)} />
          <span>
            {t('waiting.byItself')}
            <br />
            <span className="soft small">{t('waiting.byItselfHint')}</span>
          </span>
        </label>
        <Failure error={save.error} marked />
        <button className="primary" disabled={save.isPending}>
          {t('common.save')}
        </button>
      </form>
      <hr />
      <Remove base={base} />
    </>
  );
}

interface ReadersProps {
  audience: KnowledgeAudience;
  error: string | undefined;
  onChange(audience: KnowledgeAudience): void;
}

function Readers({ audience, error, onChange }: ReadersProps) {
  const { t } = useTranslation();
  const mayName = useMay()('members.read');
  const kinds = {
    organisation: { kind: 'organisation' },
    chosen: { kind: 'chosen', userIds: [], teamIds: [] },
  } as const satisfies Record<KnowledgeAudience['kind'], KnowledgeAudience>;
  return (
    <fieldset className="stack">
      <legend>{t('knowledge.readers')}</legend>
      {(['organisation', 'chosen'] as const).map((kind) => (
        <label key={kind} className="check">
          <input
            type="radio"
            name="audience"
            // Without seeing who there is, nobody can be named.
            disabled={!mayName && audience.kind !== kind && kind === 'chosen'}
            checked={audience.kind === kind}
            onChange={() => onChange(kinds[kind])}
          />
          <span>
            {t(`knowledge.audience.${kind}`)}
            <br />
            <span className="soft small">{t(`knowledge.audienceHint.${kind}`)}</span>
          </span>
        </label>
      ))}
      {audience.kind === 'chosen' && mayName && <Chosen audience={audience} onChange={onChange} />}
      {error && <span className="error">{error}</span>}
    </fieldset>
  );
}

type ChosenAudience = Extract<KnowledgeAudience, { kind: 'chosen' }>;

function Chosen({ audience, onChange }: { audience: ChosenAudience; onChange(audience: ChosenAudience): void }) {
  const { t } = useTranslation();
  const teams = useAllTeams();
  const members = useAllMembers();
  return (
    <>
      <Failure error={teams.error ?? members.error} />
      {teams.data && teams.data.length > 0 && (
        <Checks
          legend={t('knowledge.teams')}
          choices={teams.data.map(({ id, name }) => ({ id, name }))}
          chosen={audience.teamIds}
          onChange={(teamIds) => onChange({ ...audience, teamIds })}
        />
      )}
      <Checks
        legend={t('knowledge.members')}
        choices={(members.data ?? []).map(({ id, name }) => ({ id, name }))}
        chosen={audience.userIds}
        onChange={(userIds) => onChange({ ...audience, userIds })}
      />
    </>
  );
}

/** Where published personas answer from it, whoever deletes it is told which. */
function Remove({ base }: { base: KnowledgeBaseDetail }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const users = base.personas.filter(({ published }) => published).map(({ name }) => name);
  const remove = useMutation({
    mutationFn: () => api.delete(`${basePath(base.id)}${users.length > 0 ? '?force=true' : ''}`),
    onSuccess: async () => {
      // What was read before still names it.
      queries.removeQueries({ queryKey: ['/knowledge-bases'] });
      await navigate({ to: '/knowledge' });
    },
  });
  const text = t('knowledge.removeText', { count: base.documentCount });
  return (
    <>
      <Failure error={remove.error} />
      <button type="button" className="danger" disabled={remove.isPending} onClick={() => setAsking(true)}>
        {t('knowledge.removeBase')}
      </button>
      <Confirm
        open={asking}
        title={t('knowledge.removeTitle', { name: base.name })}
        text={users.length > 0 ? `${text} ${t('knowledge.removeUsed', { names: users.join(', ') })}` : text}
        action={t('common.delete')}
        onConfirm={() => remove.mutate()}
        onClose={() => setAsking(false)}
      />
    </>
  );
}
