import type { ThreadFolder } from '@rapport/protocol/threads';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type CSSProperties, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { Dialog, Failure, Field, fieldError, Loading } from '../../lib/ui.tsx';
import { FolderField } from './FolderField.tsx';
import { foldersKey, useThreadFolders, type FolderAt } from './threadFolders.ts';

/** Undefined: all threads; `none`: those in no folder. */
export type ShownFolder = string | undefined;

/** Beside the list on a wide screen; on a phone it opens above it. */
const wide = () => matchMedia('(min-width: 48.01rem)').matches;

/** The tree of folders to choose from, and to change. */
export function ThreadFolders({ shown, onShow }: { shown: ShownFolder; onShow(folder: ShownFolder): void }) {
  const { t } = useTranslation();
  const may = useMay();
  const { tree, isPending, error } = useThreadFolders();
  const [open, setOpen] = useState<'new' | 'change' | null>(null);
  const current = tree.find(({ id }) => id === shown);
  const choice = (value: ShownFolder, name: string, depth = 0) => (
    <li key={value ?? 'all'} style={{ '--depth': depth } as CSSProperties}>
      <button type="button" className="quiet" aria-pressed={shown === value} onClick={() => onShow(value)}>
        <bdi>{name}</bdi>
      </button>
    </li>
  );
  return (
    <details open={wide()}>
      <summary>{t('threads.folders')}</summary>
      {isPending && <Loading />}
      <Failure error={error} />
      <ul className="tree" aria-label={t('threads.folders')}>
        {choice(undefined, t('threads.allFolders'))}
        {tree.map(({ id, name, depth }) => choice(id, name, depth + 1))}
        {choice('none', t('threads.noFolder'), 1)}
      </ul>
      {may('clients.manage') && (
        <div className="row">
          <button type="button" onClick={() => setOpen('new')}>
            {t('threads.newFolder')}
          </button>
          {current && (
            <button type="button" onClick={() => setOpen('change')}>
              {t('threads.changeFolder')}
            </button>
          )}
        </div>
      )}
      <Dialog
        open={open !== null}
        title={t(open === 'new' ? 'threads.newFolder' : 'threads.changeFolder')}
        onClose={() => setOpen(null)}
      >
        {open === 'new' && <FolderForm parent={current} onDone={() => setOpen(null)} />}
        {open === 'change' && current && (
          <>
            <FolderForm folder={current} onDone={() => setOpen(null)} />
            <Remove
              folder={current}
              onDone={() => {
                setOpen(null);
                onShow(current.parentId ?? undefined);
              }}
            />
          </>
        )}
      </Dialog>
    </details>
  );
}

function FolderForm({ folder, parent, onDone }: { folder?: FolderAt; parent?: FolderAt | undefined; onDone(): void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [name, setName] = useState(folder?.name ?? '');
  const [parentId, setParentId] = useState(folder ? folder.parentId : (parent?.id ?? null));
  const save = useMutation({
    mutationFn: () =>
      folder
        ? api.patch<ThreadFolder>(`/thread-folders/${folder.id}`, { name, parentId, revision: folder.revision })
        : api.post<ThreadFolder>('/thread-folders', { name, parentId }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: foldersKey });
      onDone();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Field label={t('common.name')} hint={t('threads.folderHint')} error={fieldError(save.error, '/name')}>
        {(ids) => <input {...ids} required maxLength={80} value={name} onChange={(e) => setName(e.target.value)} />}
      </Field>
      <FolderField
        label={t('threads.liesIn')}
        none={t('threads.top')}
        value={parentId}
        without={folder?.id}
        error={fieldError(save.error, '/parentId')}
        onChange={setParentId}
      />
      <Failure error={save.error} marked />
      <button className="primary" disabled={save.isPending}>
        {t('common.save')}
      </button>
    </form>
  );
}

function Remove({ folder, onDone }: { folder: FolderAt; onDone(): void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => api.delete(`/thread-folders/${folder.id}?contents=up`),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: foldersKey });
      await queries.invalidateQueries({ queryKey: ['/threads'] });
      onDone();
    },
  });
  return (
    <div className="stack">
      <p className="soft small">{t('threads.removeFolderHint')}</p>
      <Failure error={remove.error} />
      <div>
        <button type="button" className="danger" disabled={remove.isPending} onClick={() => remove.mutate()}>
          {t('threads.removeFolder')}
        </button>
      </div>
    </div>
  );
}
