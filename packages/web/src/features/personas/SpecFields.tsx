import type { PersonaSpec } from '@rapport/protocol/personas';
import { type ReactNode, useId } from 'react';
import { useTranslation } from 'react-i18next';
import { Field, fieldError } from '../../lib/ui.tsx';

export interface SpecProps {
  spec: PersonaSpec;
  onChange(spec: PersonaSpec): void;
  error?: unknown;
}

export function Who({ spec, onChange, error }: SpecProps) {
  const { t } = useTranslation();
  const text = (key: 'name' | 'role', label: string, max: number, hint?: string) => (
    <Field label={label} hint={hint} error={fieldError(error, `/${key}`)}>
      {(ids) => (
        <input
          {...ids}
          required
          maxLength={max}
          value={spec[key]}
          onChange={(e) => onChange({ ...spec, [key]: e.target.value })}
        />
      )}
    </Field>
  );
  const area = (key: 'instructions' | 'description' | 'style' | 'openingLine', label: string, max: number) => (
    <Field label={label} error={fieldError(error, `/${key}`)}>
      {(ids) => (
        <textarea
          {...ids}
          required={key === 'instructions'}
          maxLength={max}
          value={spec[key]}
          onChange={(e) => onChange({ ...spec, [key]: e.target.value })}
        />
      )}
    </Field>
  );
  return (
    <fieldset className="stack">
      <legend>{t('personas.who')}</legend>
      {text('name', t('common.name'), 120)}
      {text('role', t('personas.role'), 200, t('personas.roleHint'))}
      {area('instructions', t('personas.instructions'), 20_000)}
      {area('style', t('personas.style'), 2000)}
      {area('openingLine', t('personas.opening'), 2000)}
      {area('description', t('personas.description'), 1000)}
    </fieldset>
  );
}

interface RowsProps<T> {
  title: string;
  items: T[];
  fresh: T;
  onChange(items: T[]): void;
  children(item: T, change: (item: T) => void, label: (name: string) => string): ReactNode;
}

/** A list of things of one kind, each with its own fields. */
function Rows<T>({ title, items, fresh, onChange, children }: RowsProps<T>) {
  const { t } = useTranslation();
  const id = useId();
  return (
    <fieldset>
      <legend id={id}>{title}</legend>
      <div className="stack">
        {items.map((item, index) => (
          <div className="row" key={index}>
            {children(
              item,
              (next) => onChange(items.map((one, i) => (i === index ? next : one))),
              (name) => `${name} ${index + 1}`,
            )}
            <button
              type="button"
              className="quiet"
              aria-label={`${t('common.remove')}: ${title} ${index + 1}`}
              onClick={() => onChange(items.filter((_, i) => i !== index))}
            >
              {t('common.remove')}
            </button>
          </div>
        ))}
        <div>
          <button type="button" aria-describedby={id} onClick={() => onChange([...items, fresh])}>
            {t('common.add')}
          </button>
        </div>
      </div>
    </fieldset>
  );
}

const Input = ({ label, value, onChange }: { label: string; value: string; onChange(value: string): void }) => (
  <div className="grow">
    <input aria-label={label} placeholder={label} required value={value} onChange={(e) => onChange(e.target.value)} />
  </div>
);

export function Lists({ spec, onChange }: SpecProps) {
  const { t } = useTranslation();
  return (
    <>
      <Rows
        title={t('personas.traits')}
        items={spec.traits}
        fresh={{ name: '', level: 5 }}
        onChange={(traits) => onChange({ ...spec, traits })}
      >
        {(trait, change, label) => (
          <>
            <Input
              label={label(t('personas.trait'))}
              value={trait.name}
              onChange={(name) => change({ ...trait, name })}
            />
            <div className="grow">
              <input
                type="range"
                min={0}
                max={10}
                aria-label={`${label(t('personas.level'))}`}
                value={trait.level}
                onChange={(e) => change({ ...trait, level: Number(e.target.value) })}
              />
            </div>
            <output>{trait.level}</output>
          </>
        )}
      </Rows>
      <Rows title={t('personas.rules')} items={spec.rules} fresh="" onChange={(rules) => onChange({ ...spec, rules })}>
        {(rule, change, label) => <Input label={label(t('personas.rule'))} value={rule} onChange={change} />}
      </Rows>
      <Rows
        title={t('personas.examples')}
        items={spec.examples}
        fresh={{ client: '', persona: '' }}
        onChange={(examples) => onChange({ ...spec, examples })}
      >
        {(example, change, label) => (
          <>
            <Input
              label={label(t('personas.exClient'))}
              value={example.client}
              onChange={(client) => change({ ...example, client })}
            />
            <Input
              label={label(t('personas.exPersona'))}
              value={example.persona}
              onChange={(persona) => change({ ...example, persona })}
            />
          </>
        )}
      </Rows>
      <Rows
        title={t('personas.structure')}
        items={spec.structure}
        fresh={{ name: '', goal: '' }}
        onChange={(structure) => onChange({ ...spec, structure })}
      >
        {(stage, change, label) => (
          <>
            <Input
              label={label(t('personas.stage'))}
              value={stage.name}
              onChange={(name) => change({ ...stage, name })}
            />
            <Input
              label={label(t('personas.goal'))}
              value={stage.goal}
              onChange={(goal) => change({ ...stage, goal })}
            />
          </>
        )}
      </Rows>
    </>
  );
}
