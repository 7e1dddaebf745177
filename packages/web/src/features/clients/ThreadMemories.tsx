import type { Memory } from '@rapport/protocol/memory';
import type { Thread } from '@rapport/protocol/threads';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { List } from '../../lib/Page.tsx';
import { Dialog, Failure } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';
import { MemoryForm } from '../memory/MemoryForm.tsx';

const approved = { status: 'approved' };

/** What is remembered of a thread, and which other memories of the client it refers to. */
export function ThreadMemories({ thread }: { thread: Thread }) {
  const { t } = useTranslation();
  const may = useMay();
  const queries = useQueryClient();
  const [open, setOpen] = useState<'write' | 'refer' | null>(null);
  const path = `/threads/${thread.id}/memories`;
  const list = usePages<Memory>(path, approved);
  const close = () => setOpen(null);
  const refer = useMutation({
    mutationFn: ({ id, on }: { id: string; on: boolean }) =>
      on ? api.put(`${path}/${id}`, undefined) : api.delete(`${path}/${id}`),
    onSuccess: () => queries.invalidateQueries({ queryKey: [path] }),
  });
  const refers = may('clients.manage');
  return (
    <section className="stack" aria-labelledby="memories">
      <div className="head">
        <h2 id="memories">{t('memory.title')}</h2>
        <div className="row">
          {may('memory.manage') && (
            <button type="button" onClick={() => setOpen('write')}>
              {t('memory.new')}
            </button>
          )}
          {refers && (
            <button type="button" onClick={() => setOpen('refer')}>
              {t('threads.refer')}
            </button>
          )}
        </div>
      </div>
      <p className="soft small">{t('threads.memoriesHint')}</p>
      <Failure error={refer.error} />
      <List list={list} inSection empty={<p className="soft">{t('threads.noMemories')}</p>}>
        {(memory) => (
          <>
            <span className="grow" dir="auto">
              {memory.statement}
            </span>
            {memory.subject.kind === 'client' && refers && (
              <button
                type="button"
                className="quiet"
                aria-label={`${t('common.remove')}: ${memory.statement}`}
                onClick={() => refer.mutate({ id: memory.id, on: false })}
              >
                {t('common.remove')}
              </button>
            )}
          </>
        )}
      </List>
      <Dialog open={open === 'write'} title={t('memory.new')} onClose={close}>
        <MemoryForm path={path} clientId={thread.client.id} onDone={close} />
      </Dialog>
      <Dialog open={open === 'refer'} title={t('threads.refer')} onClose={close}>
        <Choice
          clientId={thread.client.id}
          chosen={list.items.map(({ id }) => id)}
          onChoose={(id) => refer.mutate({ id, on: true })}
        />
      </Dialog>
    </section>
  );
}

/** The client's approved memories that the thread does not refer to yet. */
function Choice(props: { clientId: string; chosen: string[]; onChoose(id: string): void }) {
  const { clientId, chosen, onChoose } = props;
  const { t } = useTranslation();
  const list = usePages<Memory>(`/clients/${clientId}/memories`, approved);
  const items = list.items.filter(({ id, subject }) => subject.kind === 'client' && !chosen.includes(id));
  return (
    <List list={{ ...list, items }} inSection empty={<p className="soft">{t('threads.nothingToRefer')}</p>}>
      {(memory) => (
        <>
          <span className="grow" dir="auto">
            {memory.statement}
          </span>
          <button
            type="button"
            aria-label={`${t('common.add')}: ${memory.statement}`}
            onClick={() => onChoose(memory.id)}
          >
            {t('common.add')}
          </button>
        </>
      )}
    </List>
  );
}
