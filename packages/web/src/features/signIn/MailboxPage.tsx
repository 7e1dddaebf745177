import type { Mailbox } from '@rapport/protocol/signIn';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Page } from '../../lib/Page.tsx';
import { Failure, formatDate, isMissing, Loading } from '../../lib/ui.tsx';

const links = /(https?:\/\/\S+)/;

/** What would have been sent, while no mail server is set up. */
export function MailboxPage() {
  const { t } = useTranslation();
  const box = useQuery({
    queryKey: ['mailbox'],
    queryFn: () => api.get<Mailbox>('/mailbox'),
    refetchInterval: (query) => (query.state.error ? false : 5000),
  });
  return (
    <Page title={t('mailbox.title')} narrow>
      {box.isPending && <Loading />}
      {/* Letters leave, or somebody else could read them here. */}
      {isMissing(box.error) ? <p>{t('mailbox.shut')}</p> : <Failure error={box.error} />}
      {box.data && <p className="note">{t('mailbox.hint')}</p>}
      {box.data?.items.length === 0 && <p>{t('mailbox.empty')}</p>}
      {box.data?.items.map((letter) => (
        <article key={letter.id} className="stack">
          <h2>{letter.subject}</h2>
          <p className="soft small">
            {t('mailbox.to', { to: letter.to })} · {formatDate(letter.at)}
          </p>
          {letter.text.split('\n').map((line, at) => (
            <p key={at} className="wrap">
              {line.split(links).map((part, index) =>
                links.test(part) ? (
                  <a key={index} href={part}>
                    {part}
                  </a>
                ) : (
                  part
                ),
              )}
            </p>
          ))}
        </article>
      ))}
    </Page>
  );
}
