import type { DocumentsChange, KnowledgeBaseDetail } from '@rapport/protocol/knowledge';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Confirm } from '../../lib/Confirm.tsx';
import { Dialog, Failure, Field, fieldError } from '../../lib/ui.tsx';
import { documentsPath, refreshBase } from './base.ts';
import { FolderField, tagsOf } from './EditDocument.tsx';

/** No more in one request. */
const most = 200;

interface Props {
  base: KnowledgeBaseDetail;
  /** Of those that are shown. */
  ids: string[];
  onNone(): void;
}

/** What can be done with several documents at once. */
export function ChosenDocuments({ base, ids, onNone }: Props) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [asking, setAsking] = useState<'delete' | 'move' | 'tag' | null>(null);
  const change = useMutation({
    mutationFn: (body: DocumentsChange) => api.post(`${documentsPath(base.id)}/changes`, body),
    onSuccess: async () => {
      setAsking(null);
      onNone();
      await refreshBase(queries, base.id);
    },
  });
  const close = () => {
    setAsking(null);
    change.reset();
  };
  if (ids.length === 0) return null;
  const documentIds = ids.slice(0, most);
  const count = documentIds.length;
  return (
    <div className="row" role="group" aria-label={t('knowledge.chosen', { count })}>
      <span className="small">{t('knowledge.chosen', { count })}</span>
      <button type="button" onClick={() => setAsking('move')}>
        {t('knowledge.move')}
      </button>
      <button type="button" onClick={() => setAsking('tag')}>
        {t('knowledge.addTags')}
      </button>
      <button type="button" className="danger" onClick={() => setAsking('delete')}>
        {t('common.delete')}
      </button>
      <button type="button" className="quiet" onClick={onNone}>
        {t('knowledge.chooseNone')}
      </button>
      {asking === null && <Failure error={change.error} />}
      <Confirm
        open={asking === 'delete'}
        title={t('knowledge.deleteMany', { count })}
        text={t('knowledge.deleteText')}
        action={t('common.delete')}
        onConfirm={() => change.mutate({ action: 'delete', documentIds })}
        onClose={() => setAsking(null)}
      />
      <Dialog
        open={asking === 'move' || asking === 'tag'}
        title={t(asking === 'tag' ? 'knowledge.addTags' : 'knowledge.move')}
        onClose={close}
      >
        <Place
          base={base}
          action={asking === 'tag' ? 'tag' : 'move'}
          error={change.error}
          onSave={(place) => change.isPending || change.mutate({ ...place, documentIds })}
        />
      </Dialog>
    </div>
  );
}

type Where = { action: 'move'; folder: string } | { action: 'tag'; tags: string[] };

interface PlaceProps {
  base: KnowledgeBaseDetail;
  action: Where['action'];
  error: unknown;
  onSave(place: Where): void;
}

function Place({ base, action, error, onSave }: PlaceProps) {
  const { t } = useTranslation();
  const [folder, setFolder] = useState('');
  const [tags, setTags] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSave(action === 'move' ? { action, folder: folder.trim() } : { action, tags: tagsOf(tags) });
  };
  return (
    <form className="stack" onSubmit={submit}>
      {action === 'move' ? (
        <FolderField base={base} value={folder} error={error} onChange={setFolder} />
      ) : (
        <Field label={t('knowledge.tags')} hint={t('knowledge.tagsHint')} error={fieldError(error, '/tags')}>
          {(ids) => <input {...ids} required dir="auto" value={tags} onChange={(e) => setTags(e.target.value)} />}
        </Field>
      )}
      <Failure error={error} marked />
      <button className="primary">{t('common.save')}</button>
    </form>
  );
}
