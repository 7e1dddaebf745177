import { useEffect, useRef, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Failure, Loading, useTitle } from './ui.tsx';

interface PageProps {
  title: string;
  hint?: string | undefined;
  /** For pages that are read or filled in from top to bottom. */
  narrow?: boolean;
  /** What can be begun from here; stands beside the heading. */
  actions?: ReactNode;
  children: ReactNode;
}

/** The frame of a page: its title in the browser, its one heading, and what can be begun from it. */
export function Page({ title, hint, narrow = false, actions, children }: PageProps) {
  useTitle(title);
  return (
    <main className={narrow ? 'page narrow' : 'page'} id="content">
      <div className="head">
        <h1 tabIndex={-1}>{title}</h1>
        {actions && <div className="row">{actions}</div>}
      </div>
      {hint && <p className="soft">{hint}</p>}
      {children}
    </main>
  );
}

/** Instead of a page that needs a permission which whoever asks does not have. */
export function NotAllowed() {
  const { t } = useTranslation();
  return (
    <Page title={t('access.title')} narrow>
      <p>{t('access.text')}</p>
      <p>
        <a className="button" href="/">
          {t('common.home')}
        </a>
      </p>
    </Page>
  );
}

export function NotFound() {
  const { t } = useTranslation();
  return (
    <Page title={t('common.notFound')} narrow>
      <p>
        <a href="/">{t('common.home')}</a>
      </p>
    </Page>
  );
}

interface Listed<T> {
  items: T[];
  error: unknown;
  isPending: boolean;
  isSuccess: boolean;
  /** Absent where the whole list comes at once. */
  hasNextPage?: boolean;
  fetchNextPage?(): Promise<unknown>;
}

interface ListProps<T> {
  list: Listed<T>;
  /** What to say where there is nothing. */
  empty: ReactNode;
  /** A part of a page needs less of a frame for its rows than a page of their own. */
  inSection?: boolean;
  children(item: T): ReactNode;
}

/** A list of the API with its rows, page by page, and with what stands there before, instead, and after. */
export function List<T extends { id: string }>({ list, empty, inSection = false, children }: ListProps<T>) {
  const { items } = list;
  const box = useRef<HTMLUListElement>(null);
  const before = useRef(0);
  useEffect(() => {
    // The row that had the focus is gone: the keyboard goes on where it was, not at the top of the page.
    if (items.length < before.current && document.activeElement === document.body) {
      const heading = box.current?.closest('main')?.querySelector('h1');
      (items.length > 0 ? box.current : heading)?.focus();
    }
    before.current = items.length;
  }, [items.length]);
  return (
    <>
      <Failure error={list.error} />
      {list.isPending && <Loading />}
      {list.isSuccess && items.length === 0 && empty}
      <ul className="list" ref={box} tabIndex={-1}>
        {items.map((item) => (
          <li key={item.id} className={inSection ? 'row' : 'card row'}>
            {children(item)}
          </li>
        ))}
      </ul>
      <More list={list} />
    </>
  );
}

/** Where a page has nothing yet. */
export function Empty({ title, hint, children }: { title: string; hint?: string; children?: ReactNode }) {
  return (
    <div className="card empty">
      <h2>{title}</h2>
      {hint && <p className="soft">{hint}</p>}
      {children}
    </div>
  );
}

export function More({ list }: { list: Pick<Listed<never>, 'hasNextPage' | 'fetchNextPage'> }) {
  const { t } = useTranslation();
  if (!list.hasNextPage || !list.fetchNextPage) return null;
  return (
    <p>
      <button type="button" onClick={() => void list.fetchNextPage?.()}>
        {t('common.more')}
      </button>
    </p>
  );
}
