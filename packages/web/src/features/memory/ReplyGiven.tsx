import type { ReplyContext } from '@rapport/protocol/memory';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, Loading } from '../../lib/ui.tsx';

interface Props {
  sessionId: string;
  clientId: string | null;
  replyId: string;
}

/** What a reply was given beside the conversation; asked for when somebody wants to know. */
export function ReplyGiven({ sessionId, clientId, replyId }: Props) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const path = `/sessions/${sessionId}/replies/${replyId}/context`;
  const given = useQuery({ queryKey: [path], queryFn: () => api.get<ReplyContext>(path), enabled: open });
  const { memories = [], passages = [] } = given.data ?? {};
  return (
    <details onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>{t('memory.given')}</summary>
      {given.isLoading && <Loading />}
      <Failure error={given.error} />
      {given.isSuccess && memories.length + passages.length === 0 && <p className="soft">{t('memory.givenNothing')}</p>}
      <ul>
        {memories.map(({ id, statement, by }) => (
          <li key={id} dir="auto">
            {t('memory.one')}: <bdi>{statement}</bdi>
            {by && <span className="small soft"> · {t(`memory.foundBy.${by}`)}</span>}
          </li>
        ))}
        {passages.map((passage) => (
          <li key={`${passage.documentId}-${passage.start}`} dir="auto">
            {t('memory.passage')}: <bdi>{passage.title}</bdi>
            <div className="clamped">{passage.text}</div>
          </li>
        ))}
      </ul>
      {clientId && memories.length > 0 && (
        <p>
          <Link to="/clients/$id/memories" params={{ id: clientId }}>
            {t('memory.all')}
          </Link>
        </p>
      )}
    </details>
  );
}
