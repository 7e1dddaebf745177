import type { AuditEntry } from '@rapport/protocol/audit';
import { auditActs, auditActNames } from '@rapport/protocol/auditActs';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { mayOpen } from '../../lib/access.ts';
import { useMay } from '../../lib/me.ts';
import { More, Page } from '../../lib/Page.tsx';
import { Failure, Field, formatDate, Loading } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';
import { ChainState } from './ChainState.tsx';

interface Filter {
  act: string;
  actorId: string;
  subjectId: string;
  from: string;
  to: string;
}

const all: Filter = { act: '', actorId: '', subjectId: '', from: '', to: '' };
const groups = ['security', 'read', 'act'] as const;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What of the fields the server understands: half an id is not asked for yet. */
const queryOf = ({ act, actorId, subjectId, from, to }: Filter) => {
  const id = (text: string) => (uuid.test(text.trim()) ? text.trim().toLowerCase() : undefined);
  const instant = (text: string) => (text === '' ? undefined : new Date(text).toISOString());
  return {
    act: act || undefined,
    actorId: id(actorId),
    subjectId: id(subjectId),
    from: instant(from),
    to: instant(to),
  };
};

const exportUrl = (format: string, query: Record<string, string | undefined>): string => {
  const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return `/api/v1/audit/export?${new URLSearchParams([['format', format], ...given]).toString()}`;
};

export function AuditPage() {
  const { t } = useTranslation();
  const may = useMay();
  const [filter, setFilter] = useState(all);
  const query = queryOf(filter);
  const list = usePages<AuditEntry>('/audit', query);
  const set = (more: Partial<Filter>) => setFilter({ ...filter, ...more });
  return (
    <Page
      title={t('audit.title')}
      actions={
        mayOpen('/break-glass', may) && (
          <Link to="/break-glass" className="button">
            {t('breakGlass.title')}
          </Link>
        )
      }
    >
      <ChainState />
      <Filters filter={filter} set={set} />
      <p className="row">
        {may('audit.export') && (
          <>
            <a className="button" href={exportUrl('csv', query)} download>
              {t('audit.csv')}
            </a>
            <a className="button" href={exportUrl('jsonl', query)} download>
              {t('audit.jsonl')}
            </a>
          </>
        )}
        <button type="button" className="quiet" onClick={() => void list.refetch()}>
          {t('audit.refresh')}
        </button>
        {filter !== all && (
          <button type="button" className="quiet" onClick={() => setFilter(all)}>
            {t('audit.clear')}
          </button>
        )}
      </p>
      <Failure error={list.error} />
      {list.isPending && <Loading />}
      {list.isSuccess && list.items.length === 0 && <p className="soft">{t('audit.nothing')}</p>}
      {list.items.length > 0 && <Entries items={list.items} set={set} />}
      <More list={list} />
    </Page>
  );
}

function Filters({ filter, set }: { filter: Filter; set(more: Partial<Filter>): void }) {
  const { t } = useTranslation();
  const text = (name: 'actorId' | 'subjectId', label: string) => (
    <div className="grow">
      <Field
        label={label}
        error={filter[name] !== '' && !uuid.test(filter[name].trim()) ? t('audit.notAnId') : undefined}
      >
        {(ids) => <input {...ids} value={filter[name]} onChange={(e) => set({ [name]: e.target.value })} />}
      </Field>
    </div>
  );
  const time = (name: 'from' | 'to', label: string) => (
    <Field label={label}>
      {(ids) => (
        <input {...ids} type="datetime-local" value={filter[name]} onChange={(e) => set({ [name]: e.target.value })} />
      )}
    </Field>
  );
  return (
    <div className="row filters">
      <div className="grow">
        <Field label={t('audit.act')}>
          {(ids) => (
            <select {...ids} value={filter.act} onChange={(e) => set({ act: e.target.value })}>
              <option value="">{t('audit.anyAct')}</option>
              {groups.map((group) => (
                <optgroup key={group} label={t(`audit.groups.${group}`)}>
                  {auditActNames
                    .filter((act) => auditActs[act].group === group)
                    .map((act) => (
                      <option key={act} value={act}>
                        {t(`audit.acts.${act}`)}
                      </option>
                    ))}
                </optgroup>
              ))}
            </select>
          )}
        </Field>
      </div>
      {text('actorId', t('audit.actorId'))}
      {text('subjectId', t('audit.subjectId'))}
      {time('from', t('audit.from'))}
      {time('to', t('audit.to'))}
    </div>
  );
}

function Entries({ items, set }: { items: AuditEntry[]; set(more: Partial<Filter>): void }) {
  const { t } = useTranslation();
  const heads = ['seq', 'at', 'who', 'act', 'records', 'outcome'] as const;
  return (
    <div className="scroll" role="region" aria-label={t('audit.entries')} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {t(`audit.heads.${head}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((entry) => (
            <tr key={entry.seq}>
              <td>{entry.seq}</td>
              <td className="when">{formatDate(entry.at)}</td>
              <td>
                <Who actor={entry.actor} set={set} />
              </td>
              <td>{t(`audit.acts.${entry.act}`, { defaultValue: entry.act })}</td>
              <td>
                {entry.subjects.map(({ kind, id }) => (
                  <button
                    key={kind + id}
                    type="button"
                    className="quiet"
                    title={id}
                    onClick={() => set({ subjectId: id })}
                  >
                    {t(`audit.kinds.${kind}`, { defaultValue: kind })} …{id.slice(-6)}
                  </button>
                ))}
              </td>
              <td>
                {entry.outcome === 'done' ? t('audit.done') : <span className="badge warn">{entry.outcome}</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Who({ actor, set }: { actor: AuditEntry['actor']; set(more: Partial<Filter>): void }) {
  const { t } = useTranslation();
  const { id, kind, name } = actor;
  if (id === null) return t(`audit.actors.${kind}`);
  return (
    <button type="button" className="quiet" title={id} onClick={() => set({ actorId: id })}>
      {name ?? `${t(`audit.actors.${kind}`)} …${id.slice(-6)}`}
    </button>
  );
}
