import type { PackRule, Packs } from '@rapport/protocol/packs';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, formatDate, Loading } from '../../lib/ui.tsx';
import { packsPath, usePacks } from './usePacks.ts';

/** Jurisdiction packs: which are in force, what each enforces and why, and what it leaves to people. */
export function PacksSection() {
  const { t } = useTranslation();
  const packs = usePacks();
  return (
    <fieldset className="stack">
      <legend>{t('packs.title')}</legend>
      <p>{t('packs.intro')}</p>
      <Failure error={packs.error} />
      {packs.isPending && <Loading />}
      {packs.data && <Choice key={packs.data.changes[0]?.id ?? 'none'} packs={packs.data} />}
    </fieldset>
  );
}

function Choice({ packs }: { packs: Packs }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [chosen, setChosen] = useState(() => packs.items.filter((one) => one.inForce).map(({ id }) => id));
  const save = useMutation({
    mutationFn: () => api.put<Packs>(packsPath, { packs: chosen }),
    onSuccess: async (next) => {
      queries.setQueryData([packsPath], next);
      // What they tighten stands in other forms, too.
      await queries.invalidateQueries();
    },
  });
  const toggle = (id: string, on: boolean) => {
    save.reset();
    setChosen(on ? [...chosen, id] : chosen.filter((one) => one !== id));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      {packs.items.map((pack) => (
        <PackCard key={pack.id} pack={pack} chosen={chosen.includes(pack.id)} onToggle={(on) => toggle(pack.id, on)} />
      ))}
      <Failure error={save.error} />
      <div className="row">
        <button disabled={save.isPending}>{t('packs.save')}</button>
        <span role="status">{save.isSuccess && t('common.saved')}</span>
      </div>
      <Changes packs={packs} />
    </form>
  );
}

function PackCard({
  pack,
  chosen,
  onToggle,
}: {
  pack: Packs['items'][number];
  chosen: boolean;
  onToggle(on: boolean): void;
}) {
  const { t } = useTranslation();
  const { title, version, inForce, source, rules, notCovered } = pack;
  return (
    <div className="card stack">
      <label className="check">
        <input type="checkbox" checked={chosen} onChange={(e) => onToggle(e.target.checked)} />
        <span>
          <strong>{title}</strong>{' '}
          {inForce && <span className="badge on">{t('packs.inForce', { version: inForce })}</span>}
          <br />
          <span className="soft small">
            {rules.map((rule) => t(`packs.rule.${rule.rule}`, wordsOf(rule, t))).join(' ')}
          </span>
        </span>
      </label>
      <details>
        <summary>{t('packs.details', { title })}</summary>
        <p className="small">
          <a href={source.address} rel="noreferrer">
            {source.statute}
          </a>
          {' · '}
          {t('packs.dated', { date: source.date, version })}
        </p>
        <h3>{t('packs.enforces')}</h3>
        <ul>
          {rules.map((rule) => (
            <li key={rule.rule}>
              {t(`packs.rule.${rule.rule}`, wordsOf(rule, t))}{' '}
              <span className="soft">
                {rule.section}: {rule.because}
              </span>
            </li>
          ))}
        </ul>
        <h3>{t('packs.notCovered')}</h3>
        <ul>
          {notCovered.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      </details>
    </div>
  );
}

const wordsOf = (rule: PackRule, t: ReturnType<typeof useTranslation>['t']) => {
  if (rule.rule === 'least-rung') return { rung: t(`policy.${rule.rung}`) };
  return rule.rule === 'remind' ? { minutes: rule.minutes } : {};
};

/** Who changed it, when, and to which versions. */
function Changes({ packs: { changes } }: { packs: Packs }) {
  const { t } = useTranslation();
  if (changes.length === 0) return null;
  return (
    <details>
      <summary>{t('packs.changes')}</summary>
      <ul className="small">
        {changes.map(({ id, at, by, packs }) => (
          <li key={id}>
            {formatDate(at)} · <bdi>{by ?? t('packs.byServer')}</bdi>:{' '}
            {packs.map((pack) => `${pack.id} ${pack.version}`).join(', ') || t('packs.none')}
          </li>
        ))}
      </ul>
    </details>
  );
}
