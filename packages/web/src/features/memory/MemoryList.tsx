import type { Memory } from '@rapport/protocol/memory';
import type { MemoryStatus } from '@rapport/protocol/memoryStatus';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { Empty, More } from '../../lib/Page.tsx';
import { Dialog, Failure, formatDate, Loading } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';
import { History } from './History.tsx';
import { MemoryForm } from './MemoryForm.tsx';
import { Contradictions, References } from './References.tsx';
import { SubjectForm } from './SubjectForm.tsx';

type Act = 'approve' | 'reject' | 'retire';
type Opened = 'correct' | 'about';

interface Props {
  /** Whose they are: the path of their list. */
  path: string;
  status: MemoryStatus;
  /** As it stood then; nothing is decided about the past. */
  at: string | undefined;
}

/** With keys: J and K lead on, A approves, R rejects, C corrects the memory that has the focus, T says what it is about. */
export function MemoryList({ path, status, at }: Props) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const may = useMay();
  const list = usePages<Memory>(path, { status, at });
  const box = useRef<HTMLUListElement>(null);
  /** Where something was decided, or is being. */
  const left = useRef<number | null>(null);
  const [opened, setOpened] = useState<{ memory: Memory; what: Opened } | null>(null);
  const decides = may('memory.manage') && at === undefined;
  const act = useMutation({
    mutationFn: ({ id, what }: { id: string; what: Act }) => api.post<Memory>(`/memories/${id}/${what}`),
    // Also after a refusal: somebody else may have decided.
    onSettled: () => queries.invalidateQueries({ queryKey: [path] }),
  });
  const begin = (memory: Memory, what: Act | Opened) => {
    left.current = list.items.indexOf(memory);
    if (what === 'correct' || what === 'about') setOpened({ memory, what });
    else act.mutate({ id: memory.id, what });
  };
  const { length } = list.items;
  useEffect(() => {
    // What had the focus is gone: the keyboard goes on with what stands in its place now.
    if (left.current === null || document.activeElement !== document.body) return;
    focusOn(box.current, left.current);
    left.current = null;
  }, [length, opened]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const cards = [...(box.current?.children ?? [])];
    const place = cards.findIndex((card) => card.contains(event.target as Node));
    const memory = list.items[place];
    const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      return focusOn(box.current, place + step);
    }
    if (!memory || !decides || act.isPending) return;
    const open = memory.status === 'proposed';
    if (event.key === 'a' && open) begin(memory, 'approve');
    else if (event.key === 'r' && open) begin(memory, 'reject');
    else if (event.key === 'c' && (open || memory.status === 'approved')) {
      event.preventDefault();
      begin(memory, 'correct');
    } else if (event.key === 't' && open && memory.clientId) {
      event.preventDefault();
      begin(memory, 'about');
    }
  };
  return (
    <>
      <Failure error={list.error ?? act.error} />
      {list.isPending && <Loading />}
      {list.isSuccess && list.items.length === 0 && (
        <Empty
          title={t(`memory.empty.${status}`)}
          {...(status === 'proposed' ? { hint: t('memory.emptyHint') } : {})}
        />
      )}
      {decides && status === 'proposed' && list.items.length > 0 && <p className="small soft">{t('memory.keys')}</p>}
      <ul className="list memories" ref={box} onKeyDown={onKeyDown} aria-label={t(`memory.is.${status}`)}>
        {list.items.map((memory) => (
          <li key={memory.id} className="card stack" tabIndex={-1}>
            <MemoryCard memory={memory} />
            <History memoryId={memory.id} revision={memory.revision} />
            {decides && (memory.status === 'proposed' || memory.status === 'approved') && (
              <Acts memory={memory} busy={act.isPending} onAct={(what) => begin(memory, what)} />
            )}
          </li>
        ))}
      </ul>
      <More list={list} />
      <Dialog open={opened !== null} title={t(`memory.${opened?.what ?? 'correct'}`)} onClose={() => setOpened(null)}>
        {opened?.what === 'correct' && (
          <MemoryForm
            path={path}
            clientId={opened.memory.clientId}
            corrects={opened.memory}
            onDone={() => setOpened(null)}
          />
        )}
        {opened?.what === 'about' && opened.memory.clientId && (
          <SubjectForm
            path={path}
            memory={opened.memory}
            clientId={opened.memory.clientId}
            onDone={() => setOpened(null)}
          />
        )}
      </Dialog>
    </>
  );
}

function focusOn(box: HTMLUListElement | null, place: number) {
  const cards = [...(box?.children ?? [])] as HTMLElement[];
  const card = cards[Math.min(Math.max(place, 0), cards.length - 1)];
  const button = card?.querySelector<HTMLElement>('button');
  (button ?? card ?? box?.closest('main')?.querySelector<HTMLElement>('h1'))?.focus();
}

interface ActsProps {
  memory: Memory;
  busy: boolean;
  onAct(what: Act | Opened): void;
}

function Acts({ memory, busy, onAct }: ActsProps) {
  const { t } = useTranslation();
  const acts: readonly Act[] = memory.status === 'proposed' ? ['approve', 'reject'] : ['retire'];
  return (
    <div className="row">
      {acts.map((what) => (
        <button
          key={what}
          type="button"
          className={what === 'approve' ? 'primary' : ''}
          // Not `disabled`: the button that was pressed would lose the focus.
          aria-disabled={busy}
          aria-label={`${t(`memory.${what}`)}: ${memory.statement}`}
          onClick={() => busy || onAct(what)}
        >
          {t(`memory.${what}`)}
        </button>
      ))}
      <button type="button" aria-label={`${t('memory.correct')}: ${memory.statement}`} onClick={() => onAct('correct')}>
        {t('memory.correct')}
      </button>
      {memory.status === 'proposed' && memory.clientId && (
        <button type="button" aria-label={`${t('memory.about')}: ${memory.statement}`} onClick={() => onAct('about')}>
          {t('memory.about')}
        </button>
      )}
    </div>
  );
}

/** The statement, what it rests on, and what else is known of it. */
function MemoryCard({ memory }: { memory: Memory }) {
  const { t } = useTranslation();
  const { validFrom, validTo, approvedAt } = memory;
  return (
    <>
      <p dir="auto" className="statement">
        <strong>{memory.statement}</strong>
      </p>
      {memory.evidence.map((one) => (
        <figure key={`${one.messageId}-${one.start}`} className="evidence small">
          <blockquote dir="auto">{one.quote}</blockquote>
          <figcaption>
            <Link to="/sessions/$id" params={{ id: one.sessionId }}>
              {t('memory.session')}
            </Link>
          </figcaption>
        </figure>
      ))}
      <References references={memory.references} />
      <Contradictions found={memory.mayContradict} />
      <p className="small soft">
        {t(`memory.origin.${memory.origin}`)} · {formatDate(memory.createdAt)}
        {memory.subject.kind === 'thread' && (
          <>
            {' · '}
            <Link to="/threads/$id" params={{ id: memory.subject.id }}>
              {t('memory.ofThread')}
            </Link>
          </>
        )}
        {memory.sensitivity === 'sensitive' && (
          <>
            {' '}
            <span className="badge warn">{t('memory.sensitive')}</span>
          </>
        )}
        {memory.tags.map((tag) => (
          <span key={tag}>
            {' '}
            <span className="badge">
              <bdi>{tag}</bdi>
            </span>
          </span>
        ))}
        {approvedAt && ` · ${t('memory.approvedAt', { date: formatDate(approvedAt) })}`}
        {validFrom && ` · ${t('memory.from', { date: formatDate(validFrom) })}`}
        {validTo && ` · ${t('memory.to', { date: formatDate(validTo) })}`}
      </p>
    </>
  );
}
