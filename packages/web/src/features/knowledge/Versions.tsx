import type { Document, DocumentVersion } from '@rapport/protocol/knowledge';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type ChangeEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { More } from '../../lib/Page.tsx';
import { Failure, formatDate } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';
import { documentsPath, refreshBase } from './base.ts';
import { fileAddress, hasFile } from './DocumentRow.tsx';
import { formatBytes } from './formatBytes.ts';
import { sendFile } from './sendFile.ts';

interface Props {
  baseId: string;
  document: Document;
  /** The version whose text stands below. */
  shown: number | null;
}

/** Every version of a document, and the way to give it a new one. */
export function Versions({ baseId, document, shown }: Props) {
  const { t } = useTranslation();
  const mayManage = useMay()('knowledge.manage');
  const queries = useQueryClient();
  const path = `${documentsPath(baseId)}/${document.id}`;
  const list = usePages<DocumentVersion>(`${path}/versions`);
  const refresh = async () => {
    await refreshBase(queries, baseId);
    await queries.invalidateQueries({ queryKey: [`${path}/versions`] });
  };
  const remove = useMutation({
    mutationFn: (version: number) => api.delete(`${path}/versions/${version}`),
    onSuccess: refresh,
  });
  return (
    <details className="card">
      <summary>{t('knowledge.versions', { count: document.version })}</summary>
      <Failure error={list.error ?? remove.error} />
      <ul className="list">
        {list.items.map((version) => (
          <li key={version.version} className="row">
            <span className="grow">
              <Link
                to="/knowledge/$id/documents/$documentId"
                params={{ id: baseId, documentId: document.id }}
                search={{ version: version.version } as never}
                {...(version.version === shown ? { 'aria-current': 'true' as const } : {})}
              >
                {t('knowledge.version', { version: version.version })}
              </Link>{' '}
              <span className="soft small">
                {[version.fileName ?? version.url, formatBytes(version.bytes), formatDate(version.createdAt)]
                  .filter(Boolean)
                  .join(' · ')}
              </span>{' '}
              <span className={version.state === 'failed' ? 'badge bad' : 'badge'}>
                {version.version === document.readyVersion
                  ? t('knowledge.inUse')
                  : t(`knowledge.state.${version.state}`)}
              </span>
              {version.failure && <span className="small"> {version.failure.message}</span>}
            </span>
            {hasFile(version) && (
              <a
                className="button quiet"
                download
                href={fileAddress(baseId, document, version.version)}
                aria-label={`${t('knowledge.download')}: ${t('knowledge.version', { version: version.version })}`}
              >
                {t('knowledge.download')}
              </a>
            )}
            {mayManage && version.version !== document.version && version.version !== document.readyVersion && (
              <button
                type="button"
                className="quiet"
                aria-label={`${t('common.delete')}: ${t('knowledge.version', { version: version.version })}`}
                onClick={() => remove.mutate(version.version)}
              >
                {t('common.delete')}
              </button>
            )}
          </li>
        ))}
      </ul>
      <More list={list} />
      {mayManage && <NewVersion path={path} onDone={refresh} />}
    </details>
  );
}

function NewVersion({ path, onDone }: { path: string; onDone(): Promise<void> }) {
  const { t } = useTranslation();
  const [sent, setSent] = useState<number | null>(null);
  const replace = useMutation({
    mutationFn: async (file: File) => {
      const form = new FormData();
      form.append('files', file);
      await sendFile('PUT', path, form, { onSent: (bytes) => setSent(bytes / Math.max(file.size, 1)) });
    },
    onSettled: () => setSent(null),
    onSuccess: onDone,
  });
  const choose = (event: ChangeEvent<HTMLInputElement>) => {
    const file = event.target.files?.[0];
    if (file) replace.mutate(file);
    event.target.value = '';
  };
  return (
    <div className="stack">
      <label className="field">
        <strong>{t('knowledge.newVersion')}</strong>
        <span className="hint">{t('knowledge.newVersionHint')}</span>
        <input type="file" disabled={replace.isPending} onChange={choose} />
      </label>
      {sent !== null && <progress value={sent} aria-label={t('knowledge.sent')} />}
      <Failure error={replace.error} />
    </div>
  );
}
