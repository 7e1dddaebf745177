import type { KnowledgeBaseDetail } from '@rapport/protocol/knowledge';
import { useEffect, useId, useState, type DragEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Dialog } from '../../lib/ui.tsx';
import { reasonOf } from '../../lib/problems.ts';
import { AddAddress, AddText } from './AddText.tsx';
import { droppedFiles } from './dropped.ts';
import { formatBytes } from './formatBytes.ts';
import { useUploads, type Upload } from './uploads.ts';

interface Props {
  base: KnowledgeBaseDetail;
  /** Where new documents stand. */
  folder: string;
}

/** Files by dropping or choosing, text by pasting, and pages of the web by their address. */
export function AddDocuments({ base, folder }: Props) {
  const { t } = useTranslation();
  const id = useId();
  const { uploads, add, again, cancel } = useUploads(base.id);
  const [over, setOver] = useState(false);
  const [adding, setAdding] = useState<'text' | 'address' | null>(null);
  const busy = uploads.some(({ state }) => state !== 'refused');
  useEffect(() => {
    if (!busy) return;
    const hold = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', hold);
    return () => removeEventListener('beforeunload', hold);
  }, [busy]);
  const drag = (event: DragEvent) => {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    setOver(true);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void droppedFiles(event.dataTransfer, folder).then(add);
  };
  return (
    <section className="stack" aria-labelledby={id}>
      <h2 id={id}>{t('knowledge.addText')}</h2>
      <div
        className={over ? 'drop over' : 'drop'}
        onDragEnter={drag}
        onDragOver={drag}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <label>
          <strong>{t('knowledge.drop')}</strong>
          <input
            type="file"
            multiple
            onChange={(event) => {
              add([...(event.target.files ?? [])].map((file) => ({ file, folder })));
              // The same file may be chosen once more, after it was refused.
              event.target.value = '';
            }}
          />
        </label>
        <p className="soft small">{t('knowledge.types')}</p>
        {folder && <p className="small">{t('knowledge.into', { folder })}</p>}
      </div>
      <Uploads uploads={uploads} onAgain={again} onCancel={cancel} />
      <div className="row">
        <button type="button" onClick={() => setAdding('text')}>
          {t('knowledge.paste')}
        </button>
        <button type="button" onClick={() => setAdding('address')}>
          {t('knowledge.fromAddress')}
        </button>
      </div>
      <Dialog open={adding === 'text'} title={t('knowledge.paste')} onClose={() => setAdding(null)}>
        <AddText base={base} folder={folder} onDone={() => setAdding(null)} />
      </Dialog>
      <Dialog open={adding === 'address'} title={t('knowledge.fromAddress')} onClose={() => setAdding(null)}>
        <AddAddress base={base} folder={folder} onDone={() => setAdding(null)} />
      </Dialog>
    </section>
  );
}

interface UploadsProps {
  uploads: Upload[];
  onAgain(key: number): void;
  onCancel(key: number): void;
}

/** More would only be scrolled past; the others follow as these are done. */
const mostShown = 20;

function Uploads({ uploads, onAgain, onCancel }: UploadsProps) {
  const { t } = useTranslation();
  if (uploads.length === 0) return null;
  // What needs somebody stands where it is seen.
  const order = { refused: 0, sending: 1, waiting: 2 };
  const sorted = [...uploads].sort((a, b) => order[a.state] - order[b.state]);
  return (
    <div>
      <p role="status">{t('knowledge.uploading', { count: uploads.length })}</p>
      <ul className="list" aria-label={t('knowledge.uploads')}>
        {sorted.slice(0, mostShown).map((upload) => (
          <li key={upload.key} className="card row">
            <div className="grow">
              <bdi>{upload.name}</bdi> <span className="soft small">{formatBytes(upload.bytes)}</span>
              {upload.state === 'refused' ? (
                <p className="state bad" role="alert">
                  {reasonOf(upload.error)}
                </p>
              ) : (
                <p className="state">
                  <progress
                    max={Math.max(upload.bytes, 1)}
                    value={upload.sent}
                    aria-label={`${t('knowledge.sent')}: ${upload.name}`}
                  />
                  <span className="soft small">{t(`knowledge.upload.${upload.state}`)}</span>
                </p>
              )}
            </div>
            {upload.state === 'refused' && (
              <button
                type="button"
                aria-label={`${t('common.tryAgain')}: ${upload.name}`}
                onClick={() => onAgain(upload.key)}
              >
                {t('common.tryAgain')}
              </button>
            )}
            <button
              type="button"
              className="quiet"
              aria-label={`${upload.state === 'refused' ? t('common.remove') : t('common.cancel')}: ${upload.name}`}
              onClick={() => onCancel(upload.key)}
            >
              {upload.state === 'refused' ? t('common.remove') : t('common.cancel')}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
