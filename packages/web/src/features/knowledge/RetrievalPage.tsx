import { Link, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { isId } from '../../lib/isId.ts';
import { NotFound, Page } from '../../lib/Page.tsx';
import { Failure, isMissing, Loading } from '../../lib/ui.tsx';
import { useBase } from './base.ts';
import { EmbeddingState } from './Embeddings.tsx';
import { Passages } from './Passages.tsx';
import { SearchBase } from './SearchBase.tsx';

/** What a question would bring to a persona, and why. */
export function RetrievalPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const { t } = useTranslation();
  const base = useBase(id);
  if (!isId(id) || isMissing(base.error)) return <NotFound />;
  if (base.isPending) return <Loading />;
  return (
    <Page title={t('knowledge.test')} hint={t('knowledge.testHint')}>
      <Failure error={base.error} />
      <p>
        <Link to="/knowledge/$id" params={{ id }}>
          <bdi>{base.data?.name}</bdi>
        </Link>
      </p>
      <EmbeddingState of={base.data?.embeddings ?? null} />
      <SearchBase baseId={id} label={t('knowledge.question')} limit={20} explained>
        {(passages, query) => <Passages baseId={id} query={query} passages={passages} scores />}
      </SearchBase>
    </Page>
  );
}
