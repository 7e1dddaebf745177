import type { Budget, BudgetPut, RateLimits, UsageDay } from '@rapport/protocol/limits';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useId, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay, useMe } from '../../lib/me.ts';
import { Failure, Field, fieldError, formatDate } from '../../lib/ui.tsx';
import { money, numbers, UsageChart } from './UsageChart.tsx';

interface List<T> {
  items: T[];
}

/** What replies may use, what they used, and how often anybody may ask. */
export function Limits() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const may = useMay();
  const manages = may('security.manage');
  const usage = useQuery({ queryKey: ['usage'], queryFn: () => api.get<List<UsageDay>>('/usage', { days: 30 }) });
  const budgets = useQuery({ queryKey: ['budgets'], queryFn: () => api.get<List<Budget>>('/budgets') });
  const remove = useMutation({
    mutationFn: (id: string) => api.delete(`/budgets/${id}`),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['budgets'] }),
  });
  return (
    <fieldset className="stack">
      <legend>{t('limits.title')}</legend>
      <p className="soft small">{t('limits.hint')}</p>
      {usage.data && <UsageChart items={usage.data.items} />}
      {budgets.data?.items.length === 0 && <p>{t('limits.none')}</p>}
      <ul className="list">
        {budgets.data?.items.map((budget) => (
          <BudgetRow key={budget.id} budget={budget} onRemove={manages ? () => remove.mutate(budget.id) : null} />
        ))}
      </ul>
      <Failure error={usage.error ?? budgets.error ?? remove.error} />
      {manages && <BudgetForm />}
      <Rates />
    </fieldset>
  );
}

function BudgetRow({ budget, onRemove }: { budget: Budget; onRemove: (() => void) | null }) {
  const { t } = useTranslation();
  const name = budget.subjectName ?? t('limits.scope.organisation');
  return (
    <li className="stack">
      <div className="row">
        <strong className="grow">
          {name} · {t(`limits.period.${budget.period}`)}
        </strong>
        {onRemove && (
          <button type="button" className="quiet" aria-label={`${t('common.remove')}: ${name}`} onClick={onRemove}>
            {t('common.remove')}
          </button>
        )}
      </div>
      {budget.tokens !== null && (
        <Used used={budget.used.tokens} of={budget.tokens} label={t('limits.tokens')} format={numbers.format} />
      )}
      {budget.costMicroUsd !== null && (
        <Used used={budget.used.costMicroUsd} of={budget.costMicroUsd} label={t('limits.cost')} format={money} />
      )}
      {budget.spent && <p className="note bad">{t('limits.spent', { date: formatDate(budget.renewsAt) })}</p>}
    </li>
  );
}

function Used(props: { used: number; of: number; label: string; format(amount: number): string }) {
  const { t } = useTranslation();
  const id = useId();
  const { used, of, label, format } = props;
  return (
    <div>
      <label htmlFor={id} className="small">
        {t('limits.used', { what: label, used: format(used), of: format(of) })}
      </label>
      <progress id={id} className="used" max={Math.max(1, of)} value={Math.min(used, Math.max(1, of))} />
    </div>
  );
}

const empty = { scope: 'organisation', persona: '', period: 'month', tokens: '', cost: '' };

function BudgetForm() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [draft, setDraft] = useState(empty);
  const me = useMe();
  const personas = useQuery({
    queryKey: ['personas', 'names'],
    queryFn: () => api.get<List<{ id: string; name: string }>>('/personas', { limit: 200 }),
  });
  const subject = { organisation: null, persona: draft.persona, user: me.data?.userId ?? null }[draft.scope] ?? null;
  const put = useMutation({
    mutationFn: () =>
      api.put<Budget>('/budgets', {
        scope: draft.scope as BudgetPut['scope'],
        subjectId: subject,
        period: draft.period as BudgetPut['period'],
        tokens: draft.tokens === '' ? null : Math.round(Number(draft.tokens)),
        costMicroUsd: draft.cost === '' ? null : Math.round(Number(draft.cost) * 1e6),
      } satisfies BudgetPut),
    onSuccess: () => {
      setDraft(empty);
      return queries.invalidateQueries({ queryKey: ['budgets'] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    put.mutate();
  };
  const change = (more: Partial<typeof empty>) => setDraft({ ...draft, ...more });
  return (
    <form className="stack" onSubmit={submit}>
      <div className="grid">
        <Field label={t('limits.for')}>
          {(ids) => (
            <select {...ids} value={draft.scope} onChange={(e) => change({ scope: e.target.value })}>
              {(['organisation', 'persona', 'user'] as const).map((scope) => (
                <option key={scope} value={scope}>
                  {t(`limits.scope.${scope}`)}
                </option>
              ))}
            </select>
          )}
        </Field>
        {draft.scope === 'persona' && (
          <Field label={t('limits.scope.persona')} error={fieldError(put.error, '/subjectId')}>
            {(ids) => (
              <select {...ids} required value={draft.persona} onChange={(e) => change({ persona: e.target.value })}>
                <option value="" />
                {personas.data?.items.map((persona) => (
                  <option key={persona.id} value={persona.id}>
                    {persona.name}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
        <Field label={t('limits.each')}>
          {(ids) => (
            <select {...ids} value={draft.period} onChange={(e) => change({ period: e.target.value })}>
              {(['day', 'month'] as const).map((period) => (
                <option key={period} value={period}>
                  {t(`limits.period.${period}`)}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <div className="grid">
        <Field label={t('limits.tokens')} error={fieldError(put.error, '/tokens')}>
          {(ids) => (
            <input
              {...ids}
              type="number"
              min={0}
              step={1}
              value={draft.tokens}
              onChange={(e) => change({ tokens: e.target.value })}
            />
          )}
        </Field>
        <Field label={t('limits.dollars')} error={fieldError(put.error, '/costMicroUsd')}>
          {(ids) => (
            <input
              {...ids}
              type="number"
              min={0}
              step="any"
              value={draft.cost}
              onChange={(e) => change({ cost: e.target.value })}
            />
          )}
        </Field>
      </div>
      <Failure error={put.error} />
      <div>
        <button disabled={put.isPending}>{t('limits.set')}</button>
      </div>
    </form>
  );
}

function Rates() {
  const { t } = useTranslation();
  const limits = useQuery({ queryKey: ['limits'], queryFn: () => api.get<RateLimits>('/limits') });
  if (!limits.data) return null;
  const cell = (amount: number | null) => (amount === null ? '–' : numbers.format(amount));
  return (
    <details>
      <summary>{t('limits.rates')}</summary>
      <p className="soft small">{t(`limits.when.${limits.data.when}`)}</p>
      <div className="scroll" tabIndex={0} role="region" aria-label={t('limits.rates')}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('limits.class')}</th>
              <th scope="col">{t('limits.address')}</th>
              <th scope="col">{t('limits.actor')}</th>
              <th scope="col">{t('limits.scope.organisation')}</th>
            </tr>
          </thead>
          <tbody>
            {limits.data.items.map((one) => (
              <tr key={one.class}>
                <td>{one.class}</td>
                <td>{cell(one.address)}</td>
                <td>{cell(one.actor)}</td>
                <td>{cell(one.organisation)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
