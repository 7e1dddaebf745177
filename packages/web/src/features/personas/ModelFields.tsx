import type { Provider } from '@rapport/protocol/inference';
import type { KnowledgeBase } from '@rapport/protocol/knowledge';
import type { PersonaSpec } from '@rapport/protocol/personas';
import { useTranslation } from 'react-i18next';
import { Field, fieldError } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';
import type { SpecProps } from './SpecFields.tsx';

export function ModelFields({ spec, onChange, error }: SpecProps) {
  const { t } = useTranslation();
  const providers = usePages<Provider>('/providers');
  const bases = usePages<KnowledgeBase>('/knowledge-bases');
  const { model } = spec;
  const set = (more: Partial<PersonaSpec['model']>) => onChange({ ...spec, model: { ...model, ...more } });
  return (
    <fieldset className="stack">
      <legend>{t('personas.model')}</legend>
      <Field label={t('personas.knowledge')} error={fieldError(error, '/knowledgeBaseId')}>
        {(ids) => (
          <select
            {...ids}
            value={spec.knowledgeBaseId ?? ''}
            onChange={(e) => onChange({ ...spec, knowledgeBaseId: e.target.value || null })}
          >
            <option value="">{t('common.none')}</option>
            {bases.items.map((b) => (
              <option key={b.id} value={b.id}>
                {b.name}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={t('personas.policy')} error={fieldError(error, '/policy')}>
        {(ids) => (
          <select
            {...ids}
            value={spec.policy}
            onChange={(e) => onChange({ ...spec, policy: e.target.value as PersonaSpec['policy'] })}
          >
            {(['auto', 'takeover', 'off'] as const).map((p) => (
              <option key={p} value={p}>
                {t(`policy.${p}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={t('personas.provider')} error={fieldError(error, '/model/providerId')}>
        {(ids) => (
          <select {...ids} value={model.providerId ?? ''} onChange={(e) => set({ providerId: e.target.value || null })}>
            <option value="">{t('personas.providerDefault')}</option>
            {providers.items.map((p) => (
              <option key={p.id} value={p.id}>
                {p.label}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={`${t('personas.modelName')} (${t('common.optional')})`} error={fieldError(error, '/model/model')}>
        {(ids) => (
          <input
            {...ids}
            maxLength={200}
            value={model.model ?? ''}
            onChange={(e) => set({ model: e.target.value || null })}
          />
        )}
      </Field>
      <div className="grid">
        <Field
          label={`${t('personas.temperature')} (${t('common.optional')})`}
          error={fieldError(error, '/model/temperature')}
        >
          {(ids) => (
            <input
              {...ids}
              type="number"
              min={0}
              max={2}
              step={0.1}
              value={model.temperature ?? ''}
              onChange={(e) => set({ temperature: e.target.value === '' ? null : Number(e.target.value) })}
            />
          )}
        </Field>
        <Field label={t('personas.maxTokens')} error={fieldError(error, '/model/maxTokens')}>
          {(ids) => (
            <input
              {...ids}
              type="number"
              min={16}
              max={32_000}
              value={model.maxTokens}
              onChange={(e) => set({ maxTokens: Number(e.target.value) })}
            />
          )}
        </Field>
        <Field label={t('personas.context')} error={fieldError(error, '/model/contextTokens')}>
          {(ids) => (
            <input
              {...ids}
              type="number"
              min={1024}
              max={2_000_000}
              value={model.contextTokens}
              onChange={(e) => set({ contextTokens: Number(e.target.value) })}
            />
          )}
        </Field>
      </div>
    </fieldset>
  );
}
