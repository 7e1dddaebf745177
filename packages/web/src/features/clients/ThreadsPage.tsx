import type { Client } from '@rapport/protocol/clients';
import type { Thread } from '@rapport/protocol/threads';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useDeferredValue, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../lib/me.ts';
import { Empty, List, Page } from '../../lib/Page.tsx';
import { Picker } from '../../lib/Picker.tsx';
import { Dialog, Field } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';
import { ThreadFolders } from './ThreadFolders.tsx';
import { ThreadForm, threadStatuses } from './ThreadForm.tsx';
import { ThreadItem } from './ThreadList.tsx';
import './threads.css';

/** All threads that one may see, with the organisation's folders beside them. */
export function ThreadsPage() {
  const { t } = useTranslation();
  const may = useMay();
  const navigate = useNavigate();
  const { folder } = useSearch({ strict: false }) as { folder?: string };
  const [making, setMaking] = useState(false);
  const [filter, setFilter] = useState({ q: '', tag: '', status: '' });
  const { q, tag, status } = useDeferredValue(filter);
  const wanted = { q: q.trim() || undefined, tag: tag.trim() || undefined, status: status || undefined };
  const list = usePages<Thread>('/threads', { ...wanted, folder });
  const narrowed = folder !== undefined || Object.values(wanted).some((one) => one !== undefined);
  return (
    <Page
      title={t('threads.title')}
      hint={t('threads.hint')}
      actions={
        may('clients.manage') && (
          <button type="button" className="primary" onClick={() => setMaking(true)}>
            {t('threads.new')}
          </button>
        )
      }
    >
      <div className="shelf">
        <ThreadFolders
          shown={folder}
          onShow={(next) => void navigate({ to: '/threads', search: (next ? { folder: next } : {}) as never })}
        />
        <div className="stack">
          <Filters filter={filter} onChange={setFilter} />
          <List list={list} empty={<Nothing narrowed={narrowed} />}>
            {(thread) => (
              <ThreadItem thread={thread} withClient onPickTag={(picked) => setFilter({ ...filter, tag: picked })} />
            )}
          </List>
        </div>
      </div>
      <Dialog open={making} title={t('threads.new')} onClose={() => setMaking(false)}>
        <Making folder={folder} />
      </Dialog>
    </Page>
  );
}

function Nothing({ narrowed }: { narrowed: boolean }) {
  const { t } = useTranslation();
  if (narrowed) return <Empty title={t('threads.noMatch')} />;
  return <Empty title={t('threads.empty')} hint={t('threads.emptyHint')} />;
}

interface Filter {
  q: string;
  tag: string;
  status: string;
}

function Filters({ filter, onChange }: { filter: Filter; onChange(filter: Filter): void }) {
  const { t } = useTranslation();
  const word = (key: 'q' | 'tag', label: string, max: number) => (
    <div className="grow">
      <Field label={label}>
        {(ids) => (
          <input
            {...ids}
            type="search"
            maxLength={max}
            value={filter[key]}
            onChange={(e) => onChange({ ...filter, [key]: e.target.value })}
          />
        )}
      </Field>
    </div>
  );
  return (
    <div className="row filters">
      {word('q', t('threads.byName'), 200)}
      {word('tag', t('knowledge.tag'), 40)}
      <Field label={t('threads.status')}>
        {(ids) => (
          <select {...ids} value={filter.status} onChange={(e) => onChange({ ...filter, status: e.target.value })}>
            <option value="">{t('common.any')}</option>
            {threadStatuses.map((one) => (
              <option key={one} value={one}>
                {t(`threads.is.${one}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
    </div>
  );
}

/** First whose it is, then what it is. */
function Making({ folder }: { folder: string | undefined }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [clientId, setClientId] = useState<string | null>(null);
  return (
    <div className="stack">
      <Picker<Client>
        label={t('threads.client')}
        path="/clients"
        nameOf={(client) => client.name}
        value={clientId}
        onPick={setClientId}
      />
      {clientId && (
        <ThreadForm
          key={clientId}
          clientId={clientId}
          folderId={folder === 'none' ? null : (folder ?? null)}
          onSaved={({ id }) => void navigate({ to: '/threads/$id', params: { id } })}
        />
      )}
    </div>
  );
}
