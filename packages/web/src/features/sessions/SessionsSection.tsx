import type { Session } from '@rapport/protocol/sessions';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { List } from '../../lib/Page.tsx';
import { formatDate } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';

/** The sessions of a client or a thread, on its page. `none` stands where there are none; `action` beside the title. */
export function SessionsSection({
  of,
  none,
  action,
}: {
  of: { clientId: string } | { threadId: string };
  none: string;
  action?: ReactNode;
}) {
  const { t } = useTranslation();
  const list = usePages<Session>('/sessions', of);
  return (
    <section className="stack" aria-labelledby="sessions">
      <div className="head">
        <h2 id="sessions">{t('sessions.title')}</h2>
        {action}
      </div>
      <List list={list} inSection empty={<p className="soft">{none}</p>}>
        {(session) => (
          <>
            <Link to="/sessions/$id" params={{ id: session.id }} className="grow">
              <bdi>{session.title}</bdi>
            </Link>
            <span className="badge">{t(`sessions.${session.status}`)}</span>
            <span className="soft small">{formatDate(session.lastActivityAt)}</span>
          </>
        )}
      </List>
    </section>
  );
}
