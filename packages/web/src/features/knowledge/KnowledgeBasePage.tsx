import type { KnowledgeBaseDetail } from '@rapport/protocol/knowledge';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isId } from '../../lib/isId.ts';
import { useMay } from '../../lib/me.ts';
import { NotFound, Page } from '../../lib/Page.tsx';
import { Dialog, Failure, isMissing, Loading } from '../../lib/ui.tsx';
import { AddDocuments } from './AddDocuments.tsx';
import { useBase, useBaseRoom } from './base.ts';
import { BaseSettings } from './BaseSettings.tsx';
import { Documents } from './Documents.tsx';
import { EmbeddingState } from './Embeddings.tsx';
import type { Shown } from './Folders.tsx';
import { Passages } from './Passages.tsx';
import { SearchBase } from './SearchBase.tsx';
import { WaitingVersions } from './Waiting.tsx';

export function KnowledgeBasePage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const { t } = useTranslation();
  const base = useBase(id);
  if (!isId(id) || isMissing(base.error)) return <NotFound />;
  if (base.isPending) return <Loading />;
  if (!base.data) {
    return (
      <Page title={t('knowledge.title')} narrow>
        <Failure error={base.error} />
      </Page>
    );
  }
  return <Base key={id} base={base.data} />;
}

function Base({ base }: { base: KnowledgeBaseDetail }) {
  const { t } = useTranslation();
  const mayManage = useMay()('knowledge.manage');
  const status = useBaseRoom(base);
  const [setting, setSetting] = useState(false);
  const given: Partial<Record<keyof Shown, unknown>> = useSearch({ strict: false });
  // The router reads a folder named 2026 as a number.
  const shown: Shown = {
    folder: String(given.folder ?? ''),
    tag: String(given.tag ?? ''),
    state: String(given.state ?? ''),
  };
  return (
    <Page
      title={base.name}
      hint={base.description || undefined}
      actions={
        <>
          <Link to="/knowledge/$id/test" params={{ id: base.id }} className="button">
            {t('knowledge.test')}
          </Link>
          <Link to="/knowledge/$id/evaluations" params={{ id: base.id }} className="button">
            {t('evaluations.title')}
          </Link>
          <Link to="/knowledge/$id/answers" params={{ id: base.id }} className="button">
            {t('curated.title')}
          </Link>
          {mayManage && (
            <button type="button" onClick={() => setSetting(true)}>
              {t('knowledge.settings')}
            </button>
          )}
        </>
      }
    >
      <About base={base} />
      <EmbeddingState of={base.embeddings} />
      <WaitingVersions base={base} />
      <SearchBase baseId={base.id} label={t('knowledge.search')} limit={5}>
        {(passages, query) => <Passages baseId={base.id} query={query} passages={passages} />}
      </SearchBase>
      {mayManage && <AddDocuments base={base} folder={shown.folder} />}
      <br />
      <Documents base={base} shown={shown} />
      <p className="soft small" role="status">
        {status !== 'live' && t(`status.${status === 'denied' ? 'closed' : status}`)}
      </p>
      <Dialog open={setting} title={t('knowledge.settings')} onClose={() => setSetting(false)}>
        <BaseSettings base={base} onDone={() => setSetting(false)} />
      </Dialog>
    </Page>
  );
}

/** Who may see it, and which personas answer from it. */
function About({ base }: { base: KnowledgeBaseDetail }) {
  const { t } = useTranslation();
  const mayOpenPersonas = useMay()('personas.read');
  return (
    <p className="soft small">
      {base.audience.kind === 'organisation'
        ? t('knowledge.forAll')
        : t('knowledge.forChosen', { count: base.audience.userIds.length + base.audience.teamIds.length })}{' '}
      {mayOpenPersonas && (
        <>
          {base.personas.length === 0 ? t('knowledge.noPersonas') : t('knowledge.usedBy')}{' '}
          {base.personas.map((persona, index) => (
            <span key={persona.id}>
              {index > 0 && ', '}
              <Link to="/personas/$id" params={{ id: persona.id }}>
                <bdi>{persona.name}</bdi>
              </Link>
              {!persona.published && ` (${t('knowledge.draftOnly')})`}
            </span>
          ))}
        </>
      )}
    </p>
  );
}
