import type { Mailbox } from '@rapport/protocol/signIn';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, formatDate, Loading, useTitle } from '../../lib/ui.tsx';

const links = /(https?:\/\/\S+)/;

/** What would have been sent, while no mail server is set up. */
export function MailboxPage() {
  const { t } = useTranslation();
  useTitle(t('mailbox.title'));
  const box = useQuery({ queryKey: ['mailbox'], queryFn: () => api.get<Mailbox>('/mailbox'), refetchInterval: 5000 });
  return (
    <main className="page narrow" id="content">
      <h1>{t('mailbox.title')}</h1>
      <p className="note">{t('mailbox.hint')}</p>
      {box.isPending && <Loading />}
      <Failure error={box.error} />
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
    </main>
  );
}
