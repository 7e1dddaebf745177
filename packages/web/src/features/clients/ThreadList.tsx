import type { Thread, ThreadStatus } from '@rapport/protocol/threads';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Tags } from './Tags.tsx';

const badges: Record<ThreadStatus, string> = { open: 'badge on', paused: 'badge warn', done: 'badge' };

export function ThreadState({ status }: { status: ThreadStatus }) {
  const { t } = useTranslation();
  return <span className={badges[status]}>{t(`threads.is.${status}`)}</span>;
}

interface Props {
  thread: Thread;
  /** Says whose it is. */
  withClient?: boolean;
  onPickTag?(tag: string): void;
}

/** A thread as one row of a list. */
export function ThreadItem({ thread, withClient = false, onPickTag }: Props) {
  return (
    <div className="grow stack">
      <div>
        <Link to="/threads/$id" params={{ id: thread.id }}>
          <strong>
            <bdi>{thread.name}</bdi>
          </strong>
        </Link>{' '}
        <ThreadState status={thread.status} />
      </div>
      {(withClient || thread.stage) && (
        <span className="soft small">
          {withClient && <bdi>{thread.client.name}</bdi>}
          {withClient && thread.stage && ' · '}
          <bdi>{thread.stage}</bdi>
        </span>
      )}
      <Tags tags={thread.tags} {...(onPickTag ? { onPick: onPickTag } : {})} />
    </div>
  );
}
