import type { Author } from '@rapport/protocol/sessions';
import { lazy, Suspense, useEffect, useLayoutEffect, useRef, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { CopyButton, formatTime } from '../../lib/ui.tsx';
import type { Entry, RoomState } from './roomState.ts';
import type { Outgoing } from './useRoom.ts';

// The page is usable before the renderer has arrived: until then the text stands as it is.
const Markdown = lazy(() => import('../../lib/Markdown.tsx').then((m) => ({ default: m.Markdown })));

export interface TranscriptProps {
  state: RoomState;
  outgoing: Outgoing[];
  personaName: string;
  clientName: string;
  /** Whose words stand on the right. */
  me: Author;
  older: boolean;
  onOlder(): void;
  onStop(replyId: string): void;
  onRegenerate(): void;
  empty: string;
}

const Text = ({ text }: { text: string }) => (
  <Suspense fallback={<p>{text}</p>}>
    <Markdown text={text} />
  </Suspense>
);

/** Follows the end of the conversation, unless somebody has scrolled up to read. */
function useFollow(trigger: unknown, first: unknown) {
  const ref = useRef<HTMLDivElement>(null);
  const follow = useRef(true);
  const fromEnd = useRef<number | null>(null);
  // Before the effect below: what is read stays where it is while older messages are put above it.
  useLayoutEffect(() => {
    const box = ref.current;
    if (box && fromEnd.current !== null) box.scrollTop = box.scrollHeight - fromEnd.current;
    fromEnd.current = null;
  }, [first]);
  useEffect(() => {
    const box = ref.current;
    if (box && follow.current) box.scrollTop = box.scrollHeight;
  }, [trigger]);
  const onScroll = () => {
    const box = ref.current;
    if (box) follow.current = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  };
  const hold = () => {
    const box = ref.current;
    follow.current = false;
    fromEnd.current = box ? box.scrollHeight - box.scrollTop : null;
  };
  return { ref, onScroll, hold };
}

export function Transcript(props: TranscriptProps) {
  const { t } = useTranslation();
  const { state, outgoing, me } = props;
  const { ref, onScroll, hold } = useFollow(
    `${state.entries.length}/${state.running?.text.length ?? -1}/${outgoing.length}`,
    state.entries[0]?.key,
  );
  const showOlder = () => {
    hold();
    props.onOlder();
  };
  const last = state.entries.findLast((e) => e.kind === 'message' || e.kind === 'broken');
  return (
    <div
      className="messages"
      ref={ref}
      onScroll={onScroll}
      role="log"
      aria-live="polite"
      aria-relevant="additions"
      aria-label={t('room.transcript')}
      tabIndex={0}
    >
      {props.older && (
        <button type="button" className="quiet" onClick={showOlder}>
          {t('room.older')}
        </button>
      )}
      {state.entries.length === 0 && !state.running && <p className="line">{props.empty}</p>}
      {state.entries.map((entry) => (
        <EntryView key={entry.key} entry={entry} isLast={entry === last && !state.running} {...props} />
      ))}
      {state.running && <Running running={state.running} {...props} />}
      {outgoing.map((m) => (
        <article key={m.key} className={`message mine waiting ${me}`}>
          <p>{m.text}</p>
          <p className="small soft">{m.refused ? t('chat.refused', { reason: m.refused }) : t('chat.waiting')}</p>
        </article>
      ))}
    </div>
  );
}

function EntryView({ entry, ...props }: TranscriptProps & { entry: Entry; isLast: boolean }) {
  const { t } = useTranslation();
  switch (entry.kind) {
    case 'line':
      return <p className="line">{lineText(t, entry.type)}</p>;
    case 'guidance':
      return (
        <article className="message guidance">
          <div className="meta">{t('room.guidanceShown', { name: entry.by ?? '' })}</div>
          <p>{entry.text}</p>
        </article>
      );
    case 'broken':
      return (
        <article className="message">
          {entry.text && <Text text={entry.text} />}
          <p className="ended">
            {entry.status === 'failed' ? t('room.failed') : t('room.interrupted')} {entry.reason}
          </p>
          {props.isLast && (
            <div className="tools">
              <button type="button" className="quiet" onClick={props.onRegenerate}>
                {t('room.retry')}
              </button>
            </div>
          )}
        </article>
      );
    case 'message':
      return <MessageView entry={entry} {...props} />;
  }
}

type T = ReturnType<typeof useTranslation>['t'];

// Event types hold a dot, which is what separates keys elsewhere.
const lineText = (t: T, type: string): string => {
  const texts = t('room.ev', { returnObjects: true }) as unknown as Record<string, string>;
  return texts[type] ?? type;
};

function MessageView({
  entry,
  ...props
}: TranscriptProps & { entry: Extract<Entry, { kind: 'message' }>; isLast: boolean }) {
  const { t } = useTranslation();
  const mine = entry.author === props.me ? ' mine' : '';
  const author = {
    client: props.me === 'client' ? t('room.you') : props.clientName,
    staff: entry.by ?? t('room.team'),
    persona: props.personaName,
  }[entry.author];
  return (
    <article className={`message ${entry.author}${mine}`}>
      <Meta author={author} at={entry.at}>
        {entry.author === 'persona' && <EngineBadge engine={entry.engine} />}
      </Meta>
      <Text text={entry.text} />
      {entry.citations.length > 0 && (
        <details className="small">
          <summary>{t('room.sources')}</summary>
          <ol>
            {entry.citations.map((c) => (
              <li key={`${c.chunkId}-${c.start}`}>
                {c.title}: “{c.quote}”
              </li>
            ))}
          </ol>
        </details>
      )}
      {entry.status === 'stopped' && <p className="ended">{t('room.stopped')}</p>}
      {entry.author === 'persona' && (
        <div className="tools">
          <CopyButton text={entry.text} />
          {props.isLast && entry.replyId && props.state.status === 'active' && (
            <button type="button" className="quiet" onClick={props.onRegenerate}>
              {t('room.regenerate')}
            </button>
          )}
        </div>
      )}
    </article>
  );
}

function Running({ running, personaName, onStop }: TranscriptProps & { running: NonNullable<RoomState['running']> }) {
  const { t } = useTranslation();
  return (
    <article className="message" aria-busy="true">
      <Meta author={personaName}>
        <EngineBadge engine={running.engine} />
      </Meta>
      {running.text ? (
        <div className="cursor">
          <Text text={running.text} />
        </div>
      ) : (
        <p className="soft cursor">{t('room.preparing')} </p>
      )}
      <div className="tools">
        <button type="button" className="quiet" onClick={() => onStop(running.replyId)}>
          {t('room.stop')}
        </button>
      </div>
    </article>
  );
}

function Meta({ author, at, children }: { author: string; at?: string; children?: ReactNode }) {
  return (
    <div className="meta">
      <strong>{author}</strong>
      {at && <time dateTime={at}>{formatTime(at)}</time>}
      {children}
    </div>
  );
}

function EngineBadge({ engine }: { engine: { id: string; label: string; model: string } | null }) {
  const { t } = useTranslation();
  if (!engine) return <span className="badge">{t('room.prepared')}</span>;
  if (engine.id === 'reference') return <span className="badge on">{t('room.reference')}</span>;
  return (
    <span className="badge on">
      {t('room.ai')} · {engine.model || engine.label}
    </span>
  );
}
