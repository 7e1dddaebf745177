import type { Author, Citation } from '@rapport/protocol/sessions';
import { lazy, Suspense, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { CopyButton, formatTime, isolated } from '../../lib/ui.tsx';
import type { Entry, Running as Reply, RoomState } from './roomState.ts';
import { useFollow } from './useFollow.ts';
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
  /** Absent for who only reads along. */
  onStop?: ((replyId: string) => void) | undefined;
  onRegenerate(): void;
  /** Another reply can be asked for now. */
  canRegenerate: boolean;
  empty: string;
  /** What stands in the place of a message’s text, e.g. with what was found in it. */
  marked?: ((id: string, text: string) => ReactNode) | undefined;
  /** How the team's own notes look; a client's page has none. */
  note?: (entry: Extract<Entry, { kind: 'note' }>) => ReactNode;
  /** What became of what a message cites, for the team. */
  checked?: ((entry: Extract<Entry, { kind: 'message' }>) => ReactNode) | undefined;
  /** How a source is shown to who may open it; a client is told its title and words. */
  source?: ((citation: Citation) => ReactNode) | undefined;
}

const Text = ({ text }: { text: string }) => (
  <div className="text" dir="auto">
    <Suspense fallback={<p>{text}</p>}>
      <Markdown text={text} />
    </Suspense>
  </div>
);

export function Transcript(props: TranscriptProps) {
  const { t } = useTranslation();
  const { state, outgoing, me } = props;
  const { box, flow, listeners, hold, away, toEnd } = useFollow(state.entries[0]?.key, outgoing.at(-1)?.key);
  const showOlder = () => {
    hold();
    props.onOlder();
  };
  const last = state.entries.findLast((e) => e.kind === 'message' || e.kind === 'broken');
  const again = props.canRegenerate && state.status === 'active' && !state.takenOver && !state.running;
  return (
    <div className="log">
      <div
        className="messages"
        ref={box}
        {...listeners}
        role="log"
        aria-live="polite"
        aria-relevant="additions"
        aria-label={t('room.transcript')}
        tabIndex={0}
      >
        <div className="flow" ref={flow}>
          {props.older && (
            <button type="button" className="quiet" onClick={showOlder}>
              {t('room.older')}
            </button>
          )}
          {state.entries.length === 0 && !state.running && <p className="line">{props.empty}</p>}
          {state.entries.map((entry) => (
            <EntryView key={entry.key} entry={entry} again={again && entry === last} {...props} />
          ))}
          {state.running && <Running running={state.running} {...props} />}
          {outgoing.map((m) => (
            <article key={m.key} className={`message mine waiting ${me}`}>
              <p dir="auto">{m.text}</p>
              <p className="small soft">{m.refused ? t('chat.refused', { reason: m.refused }) : t('chat.waiting')}</p>
            </article>
          ))}
        </div>
      </div>
      {away && (
        <button type="button" className="jump" onClick={toEnd}>
          {t('room.toEnd')}
        </button>
      )}
    </div>
  );
}

/** `again`: a further try at this one can be asked for. */
type EntryProps<E extends Entry> = TranscriptProps & { entry: E; again: boolean };

function EntryView({ entry, ...props }: EntryProps<Entry>) {
  const { t } = useTranslation();
  switch (entry.kind) {
    case 'line':
      return <p className="line">{lineText(t, entry.type, entry.by)}</p>;
    case 'note':
      return props.note?.(entry);
    case 'broken':
      return <BrokenView entry={entry} {...props} />;
    case 'message':
      return <MessageView entry={entry} {...props} />;
  }
}

type T = ReturnType<typeof useTranslation>['t'];

// Event types hold a dot, which is what separates keys elsewhere.
const lineText = (t: T, type: string, by: string | null): string => {
  if (type === 'client.joined' && by) return t('room.joinedAs', { name: isolated(by) });
  const texts = t('room.ev', { returnObjects: true }) as unknown as Record<string, string>;
  return texts[type] ?? type;
};

/** What a reply that broke off had said is the persona's, and says what made it like any other. */
function BrokenView({ entry, ...props }: EntryProps<Extract<Entry, { kind: 'broken' }>>) {
  const { t } = useTranslation();
  return (
    <article className="message persona">
      <Meta author={props.personaName} at={entry.at}>
        {entry.engine ? <EngineBadge engine={entry.engine} /> : <span className="badge on">{t('room.ai')}</span>}
      </Meta>
      {entry.text && <Text text={entry.text} />}
      <p className="ended">
        {entry.status === 'failed' ? t('room.failed') : t('room.interrupted')} {entry.reason}
      </p>
      {props.again && (
        <div className="tools">
          <button type="button" className="quiet" onClick={props.onRegenerate}>
            {t('room.retry')}
          </button>
        </div>
      )}
    </article>
  );
}

function MessageView({ entry, ...props }: EntryProps<Extract<Entry, { kind: 'message' }>>) {
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
      {props.marked?.(entry.key, entry.text) ?? <Text text={entry.text} />}
      {entry.citations.length > 0 && (
        <details className="small">
          <summary>{t('room.sources')}</summary>
          <ol>
            {entry.citations.map((c) => (
              <li key={`${c.chunkId}-${c.start}`}>{props.source?.(c) ?? `${c.title}: “${c.quote}”`}</li>
            ))}
          </ol>
        </details>
      )}
      {props.checked?.(entry)}
      {entry.status === 'stopped' && <p className="ended">{t('room.stopped')}</p>}
      {entry.author === 'persona' && (
        <div className="tools">
          <CopyButton text={entry.text} />
          {props.again && entry.replyId && (
            <button type="button" className="quiet" onClick={props.onRegenerate}>
              {t('room.regenerate')}
            </button>
          )}
        </div>
      )}
    </article>
  );
}

function Running({ running, personaName, onStop }: TranscriptProps & { running: Reply }) {
  const { t } = useTranslation();
  const { held } = running;
  // Of a held reply everybody sees here what the client sees.
  const shown = held ? running.released : running.text;
  return (
    <article className="message" aria-busy="true">
      <Meta author={personaName}>
        <EngineBadge engine={running.engine} />
      </Meta>
      {shown && (
        <div className="cursor">
          <Text text={shown} />
        </div>
      )}
      {(held || !shown) && (
        <p className={shown ? 'soft small' : 'soft cursor'}>
          {running.late ? t('room.late') : t(held ? `room.held.${held}` : 'room.preparing')}{' '}
        </p>
      )}
      {onStop && !held && (
        <div className="tools">
          <button type="button" className="quiet" onClick={() => onStop(running.replyId)}>
            {t('room.stop')}
          </button>
        </div>
      )}
    </article>
  );
}

function Meta({ author, at, children }: { author: string; at?: string; children?: ReactNode }) {
  return (
    <div className="meta">
      <strong>
        <bdi>{author}</bdi>
      </strong>
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
