import type { ReviewDraft } from '@rapport/protocol/supervision';
import { useEffect, useId, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../lib/me.ts';
import { Failure, isolated, Loading } from '../../lib/ui.tsx';
import { Claim } from './Claim.tsx';
import { Claims } from './Claims.tsx';
import { Decided, Due, RiskBadge } from './Facts.tsx';
import { TakeAnswer } from './TakeAnswer.tsx';
import { RejectDialog } from './RejectDialog.tsx';
import { Words } from './Words.tsx';
import { useDraft, type Draft } from './useDraft.ts';

interface Props {
  id: string;
  /** What the persona has written, as it streams. */
  live: string;
  /** The keyboard begins here, and comes back when it is decided. */
  focused?: boolean;
  /** What can be done once it is decided. */
  after?: ReactNode;
}

const isOpen = (review: ReviewDraft): boolean => review.state === 'drafting' || review.state === 'waiting';

/** A held reply: its words as they are made, and what a reviewer does with them. */
export function DraftCard({ id, live, focused = false, after }: Props) {
  const { t } = useTranslation();
  const heading = useId();
  const reviews = useMay()('sessions.review');
  const draft = useDraft(id, live);
  const { review } = draft;
  const head = useRef<HTMLHeadingElement>(null);
  const state = review && (isOpen(review) ? 'open' : 'decided');
  useEffect(() => {
    if (focused && state) head.current?.focus();
  }, [focused, state]);
  const box = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    const { current: card } = box;
    // On the session's page it goes with the decision: the keyboard goes on in the conversation, not at the top.
    return () => {
      if (card?.contains(document.activeElement)) document.querySelector<HTMLElement>('.messages')?.focus();
    };
  }, [state]);
  if (!review) return draft.missing ? <Failure error={draft.missing} /> : <Loading />;
  const open = isOpen(review);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || !reviews || !open) return;
    // Whoever is about to reject it does not release it.
    if ((event.target as Element).closest('dialog')) return;
    event.preventDefault();
    if (!draft.busy) draft.release();
  };
  return (
    <section ref={box} className={`draft ${open ? 'hidden-yet' : ''}`} aria-labelledby={heading} onKeyDown={onKeyDown}>
      <div className="row">
        <h2 id={heading} ref={head} tabIndex={-1}>
          {t('review.draft')}
        </h2>
        {open && <span className="badge warn">{t('review.notVisible')}</span>}
        <RiskBadge risk={review.risk} />
        <span className="grow" />
        <Due review={review} />
      </div>
      {open ? (
        <>
          <p className="small soft" role="status">
            {t(review.state === 'drafting' ? 'review.drafting' : 'review.waiting')}{' '}
            {review.released && t('review.partly')}
          </p>
          {reviews && <Claim review={review} draft={draft} />}
          <Words review={review} draft={draft} mayReview={reviews} />
          {draft.edit === null && <Claims text={review.text} claims={review.claims} />}
          <Conflict draft={draft} />
          {reviews && <Acts review={review} draft={draft} />}
        </>
      ) : (
        <>
          <Decided review={review} />
          <TakeAnswer review={review} />
          <Failure error={draft.error} />
          {after}
        </>
      )}
    </section>
  );
}

/** Somebody else wrote meanwhile: nobody's words go without being asked for. */
function Conflict({ draft }: { draft: Draft }) {
  const { t } = useTranslation();
  if (!draft.conflict || !draft.edit) return <Failure error={draft.error} />;
  return (
    <div className="note warn" role="alert">
      <p>{t('review.conflict')}</p>
      <div className="row">
        <button type="button" onClick={draft.drop}>
          {t('review.theirs')}
        </button>
        <button type="button" onClick={draft.insist}>
          {t('review.mine')}
        </button>
      </div>
    </div>
  );
}

function Acts({ review, draft }: { review: ReviewDraft; draft: Draft }) {
  const { t } = useTranslation();
  const may = useMay();
  const [rejecting, setRejecting] = useState(false);
  const ready = review.state === 'waiting';
  const press = (work: () => void) => () => {
    if (!draft.busy) work();
  };
  return (
    <div className="row acts">
      <button
        type="button"
        className="primary"
        aria-disabled={draft.busy || !ready}
        aria-keyshortcuts="Control+Enter Meta+Enter"
        onClick={press(() => ready && draft.release())}
      >
        {t(review.rung === 'draft-only' ? 'review.send' : 'review.release')}
      </button>
      {draft.edit === null && (
        <button type="button" onClick={draft.begin}>
          {t('review.edit')}
        </button>
      )}
      <button type="button" className="danger" aria-disabled={draft.busy} onClick={press(() => setRejecting(true))}>
        {t('review.reject')}
      </button>
      {may('sessions.supervise') && (
        <button type="button" aria-disabled={draft.busy} onClick={press(draft.takeOver)}>
          {t('room.takeover')}
        </button>
      )}
      {!ready && <span className="small soft">{t('review.notYet', { name: isolated(review.persona.name) })}</span>}
      <RejectDialog
        open={rejecting}
        // Not after a part was released: the client would read another beginning.
        again={review.released === ''}
        onReject={draft.reject}
        onClose={() => setRejecting(false)}
      />
    </div>
  );
}
