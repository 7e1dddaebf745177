import type { Thread } from '@rapport/protocol/threads';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../lib/me.ts';
import { List } from '../../lib/Page.tsx';
import { Dialog } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';
import { ThreadForm } from './ThreadForm.tsx';
import { ThreadItem } from './ThreadList.tsx';

/** The lines of work with a client. */
export function Threads({ clientId }: { clientId: string }) {
  const { t } = useTranslation();
  const may = useMay();
  const navigate = useNavigate();
  const [making, setMaking] = useState(false);
  const list = usePages<Thread>('/threads', { clientId });
  return (
    <section className="stack" aria-labelledby="threads">
      <div className="head">
        <h2 id="threads">{t('threads.title')}</h2>
        {may('clients.manage') && (
          <button type="button" onClick={() => setMaking(true)}>
            {t('threads.new')}
          </button>
        )}
      </div>
      <List list={list} inSection empty={<p className="soft">{t('threads.none')}</p>}>
        {(thread) => <ThreadItem thread={thread} />}
      </List>
      <Dialog open={making} title={t('threads.new')} onClose={() => setMaking(false)}>
        <ThreadForm clientId={clientId} onSaved={({ id }) => void navigate({ to: '/threads/$id', params: { id } })} />
      </Dialog>
    </section>
  );
}
