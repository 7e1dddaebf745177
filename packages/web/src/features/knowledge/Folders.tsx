import type { KnowledgeBaseDetail } from '@rapport/protocol/knowledge';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { foldersIn, trailOf } from './folders.ts';

export interface Shown {
  folder: string;
  tag: string;
  state: string;
}

/** What is shown of a base, as its address says it. */
export const searchOf = ({ folder, tag, state }: Shown) => ({
  ...(folder && { folder }),
  ...(tag && { tag }),
  ...(state && { state }),
});

interface Props {
  base: KnowledgeBaseDetail;
  shown: Shown;
}

/** The way to where one is, and the folders that lie there. */
export function Folders({ base, shown }: Props) {
  const { t } = useTranslation();
  const here = foldersIn(base.folders, shown.folder);
  const trail = trailOf(shown.folder);
  if (here.length === 0 && trail.length === 0) return null;
  const to = (folder: string) => ({
    to: '/knowledge/$id' as const,
    params: { id: base.id },
    search: searchOf({ ...shown, folder }) as never,
    activeOptions: { exact: true, includeSearch: true },
  });
  return (
    <nav aria-label={t('knowledge.folders')} className="folders">
      {trail.length > 0 && (
        <ol className="trail">
          <li>
            <Link {...to('')}>{t('knowledge.allDocuments')}</Link>
          </li>
          {trail.map(({ path, name }) => (
            <li key={path}>
              <Link {...to(path)} dir="auto">
                {name}
              </Link>
            </li>
          ))}
        </ol>
      )}
      {here.length > 0 && (
        <ul className="chips">
          {here.map(({ path, name, count }) => (
            <li key={path}>
              <Link {...to(path)} className="button">
                <svg className="folder" viewBox="0 0 20 16" aria-hidden="true">
                  <path d="M1 3a2 2 0 0 1 2-2h4l2 2h8a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H3a2 2 0 0 1-2-2z" />
                </svg>
                <bdi>{name}</bdi>
                <span className="soft small">
                  {count}
                  <span className="visually-hidden"> {t('knowledge.documentsWord', { count })}</span>
                </span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </nav>
  );
}
