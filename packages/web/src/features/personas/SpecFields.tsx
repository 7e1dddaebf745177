import type { PersonaSpec } from '@rapport/protocol/personas';
import { type ReactNode, useRef } from 'react';
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

/** What a row is given to draw one of its fields. */
type RowField = (field: {
  name: string;
  at?: string;
  max: number;
  value: string;
  onChange(value: string): void;
  lines?: boolean;
}) => ReactNode;

interface RowsProps<T> {
  title: string;
  /** Name of the list in the body; its refusals are at `/path/index/…`. */
  path: keyof PersonaSpec;
  items: T[];
  fresh: T;
  most: number;
  error: unknown;
  onChange(items: T[]): void;
  children(item: T, change: (item: T) => void, field: RowField, number: number): ReactNode;
}

const fieldSelector = 'input, textarea';

/** A list of things of one kind, each with its own fields. */
function Rows<T>({ title, path, items, fresh, most, error, onChange, children }: RowsProps<T>) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const fieldOf =
    (index: number): RowField =>
    ({ name, at = '', max, value, onChange: set, lines = false }) => (
      <div className="grow">
        <Field label={`${name} ${index + 1}`} error={fieldError(error, `/${path}/${index}${at}`)}>
          {(ids) => {
            const props = { ...ids, required: true, maxLength: max, value };
            return lines ? (
              <textarea {...props} rows={2} className="growing" onChange={(e) => set(e.target.value)} />
            ) : (
              <input {...props} onChange={(e) => set(e.target.value)} />
            );
          }}
        </Field>
      </div>
    );
  const add = () => {
    onChange([...items, fresh]);
    requestAnimationFrame(() =>
      box.current
        ?.querySelector<HTMLElement>(`.item-row:nth-of-type(${items.length + 1}) :is(${fieldSelector})`)
        ?.focus(),
    );
  };
  const remove = (index: number) => {
    onChange(items.filter((_, i) => i !== index));
    // The button that had the focus is gone.
    requestAnimationFrame(() => box.current?.querySelector<HTMLElement>('button.add')?.focus());
  };
  return (
    <fieldset>
      <legend>{title}</legend>
      <div className="stack" ref={box}>
        {items.map((item, index) => (
          <div className="row item-row" key={index}>
            {children(
              item,
              (next) => onChange(items.map((one, i) => (i === index ? next : one))),
              fieldOf(index),
              index + 1,
            )}
            <button
              type="button"
              className="quiet"
              aria-label={`${t('common.remove')}: ${title} ${index + 1}`}
              onClick={() => remove(index)}
            >
              {t('common.remove')}
            </button>
          </div>
        ))}
        {items.length < most && (
          <p>
            <button type="button" className="add" aria-label={`${t('common.add')}: ${title}`} onClick={add}>
              {t('common.add')}
            </button>
          </p>
        )}
      </div>
    </fieldset>
  );
}

export function Lists({ spec, onChange, error }: SpecProps) {
  const { t } = useTranslation();
  return (
    <>
      <Rows
        title={t('personas.traits')}
        path="traits"
        items={spec.traits}
        fresh={{ name: '', level: 5 }}
        most={20}
        error={error}
        onChange={(traits) => onChange({ ...spec, traits })}
      >
        {(trait, change, field, number) => (
          <>
            {field({
              name: t('personas.trait'),
              at: '/name',
              max: 60,
              value: trait.name,
              onChange: (name) => change({ ...trait, name }),
            })}
            <div className="grow">
              <Field
                label={`${t('personas.level')} ${number}: ${trait.level}`}
                error={fieldError(error, `/traits/${number - 1}/level`)}
              >
                {(ids) => (
                  <input
                    {...ids}
                    type="range"
                    min={0}
                    max={10}
                    value={trait.level}
                    onChange={(e) => change({ ...trait, level: Number(e.target.value) })}
                  />
                )}
              </Field>
            </div>
          </>
        )}
      </Rows>
      <Rows
        title={t('personas.rules')}
        path="rules"
        items={spec.rules}
        fresh=""
        most={50}
        error={error}
        onChange={(rules) => onChange({ ...spec, rules })}
      >
        {(rule, change, field) =>
          field({ name: t('personas.rule'), max: 1000, value: rule, onChange: change, lines: true })
        }
      </Rows>
      <Rows
        title={t('personas.examples')}
        path="examples"
        items={spec.examples}
        fresh={{ client: '', persona: '' }}
        most={20}
        error={error}
        onChange={(examples) => onChange({ ...spec, examples })}
      >
        {(example, change, field) => (
          <>
            {field({
              name: t('personas.exClient'),
              at: '/client',
              max: 4000,
              value: example.client,
              onChange: (client) => change({ ...example, client }),
              lines: true,
            })}
            {field({
              name: t('personas.exPersona'),
              at: '/persona',
              max: 4000,
              value: example.persona,
              onChange: (persona) => change({ ...example, persona }),
              lines: true,
            })}
          </>
        )}
      </Rows>
      <Rows
        title={t('personas.structure')}
        path="structure"
        items={spec.structure}
        fresh={{ name: '', goal: '' }}
        most={20}
        error={error}
        onChange={(structure) => onChange({ ...spec, structure })}
      >
        {(stage, change, field) => (
          <>
            {field({
              name: t('personas.stage'),
              at: '/name',
              max: 120,
              value: stage.name,
              onChange: (name) => change({ ...stage, name }),
            })}
            {field({
              name: t('personas.goal'),
              at: '/goal',
              max: 2000,
              value: stage.goal,
              onChange: (goal) => change({ ...stage, goal }),
              lines: true,
            })}
          </>
        )}
      </Rows>
    </>
  );
}
