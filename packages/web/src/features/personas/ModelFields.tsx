import type { Provider } from '@rapport/protocol/inference';
import type { PersonaSpec } from '@rapport/protocol/personas';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../lib/me.ts';
import { Picker } from '../../lib/Picker.tsx';
import { Field, fieldError } from '../../lib/ui.tsx';
import { RungField } from '../supervision/RungField.tsx';
import { MaterialFields } from './MaterialFields.tsx';
import type { SpecProps } from './SpecFields.tsx';

export function ModelFields({ spec, onChange, error }: SpecProps) {
  const { t } = useTranslation();
  const may = useMay();
  const { model } = spec;
  const set = (more: Partial<PersonaSpec['model']>) => onChange({ ...spec, model: { ...model, ...more } });
  return (
    <fieldset className="stack">
      <legend>{t('personas.model')}</legend>
      <MaterialFields spec={spec} onChange={onChange} error={error} />
      <RungField
        label={t('personas.policy')}
        error={fieldError(error, '/policy')}
        value={spec.policy}
        onChange={(policy) => onChange({ ...spec, policy })}
      />
      {may('providers.read') && (
        <Picker<Provider>
          label={t('personas.provider')}
          path="/providers"
          inPages
          nameOf={(p) => p.label}
          detailOf={(p) => p.model ?? ''}
          value={model.providerId}
          onPick={(providerId) => set({ providerId })}
          none={t('personas.providerDefault')}
          error={fieldError(error, '/model/providerId')}
        />
      )}
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
