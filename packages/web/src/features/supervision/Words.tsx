import type { ReviewDraft } from '@rapport/protocol/supervision';
import { Fragment, useId, useLayoutEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { FoundBadge, Marked } from './Marked.tsx';
import { lastWords, sentencesOf } from './sentences.ts';
import type { Draft } from './useDraft.ts';

interface Props {
  review: ReviewDraft;
  draft: Draft;
  mayReview: boolean;
}

/** The words as they stand, to release piece by piece, or to write into. */
export function Words(props: Props) {
  return props.draft.edit ? <Editor {...props} /> : <Sentences {...props} />;
}

function Released({ text }: { text: string }) {
  const { t } = useTranslation();
  if (!text) return null;
  return (
    <span className="released">
      <span className="badge on">{t('review.released')}</span> {text}
    </span>
  );
}

function Sentences({ review, draft, mayReview }: Props) {
  const { t } = useTranslation();
  const { text } = draft;
  const pieces = sentencesOf(text, review.released.length);
  const release = (end: number, last: boolean) => {
    if (draft.busy) return;
    if (last) draft.release();
    else draft.releaseTo(end);
  };
  return (
    <div className="draft-text" dir="auto" tabIndex={0} role="group" aria-label={t('review.words')}>
      <Released text={review.released} />
      {pieces.map((piece, at) => {
        const last = at === pieces.length - 1;
        // The one being written has no end yet.
        const whole = !last || review.state === 'waiting';
        return (
          <Fragment key={piece.end}>
            <Marked text={piece.text} from={piece.end - piece.text.length} findings={review.findings} />
            {mayReview && whole && (
              <button
                type="button"
                className="up-to"
                title={t('review.upTo')}
                aria-label={t('review.upToWords', { words: lastWords(piece.text) })}
                onClick={() => release(piece.end, last)}
              >
                ✓
              </button>
            )}
          </Fragment>
        );
      })}
      {review.state === 'drafting' && <span className="cursor" />}
      {review.findings.length > 0 && (
        <p className="small">
          <FoundBadge findings={review.findings} />
        </p>
      )}
    </div>
  );
}

function Editor({ review, draft }: Props) {
  const { t } = useTranslation();
  const id = useId();
  const box = useRef<HTMLTextAreaElement>(null);
  const caret = useRef<[number, number] | null>(null);
  const { edit, tail } = draft;
  useLayoutEffect(() => box.current?.focus(), []);
  useLayoutEffect(() => {
    // Text that is put in by another hand moves the caret to its end.
    if (caret.current) {
      box.current?.focus();
      box.current?.setSelectionRange(...caret.current);
    }
    caret.current = null;
  });
  if (!edit) return null;
  const join = () => {
    const { current: el } = box;
    if (el) caret.current = [el.selectionStart, el.selectionEnd];
    draft.join();
  };
  return (
    <div className="field">
      {review.released && (
        <div className="draft-text">
          <Released text={review.released} />
        </div>
      )}
      <label htmlFor={id}>{t('review.yours')}</label>
      <textarea
        id={id}
        ref={box}
        className="growing"
        dir="auto"
        maxLength={100_000 - review.released.length}
        value={edit.text}
        onChange={(e) => draft.type(e.target.value)}
      />
      {tail && (
        <div className="draft-text follows">
          <span className="small soft">{t('review.follows')}</span>
          <br />
          {tail}
        </div>
      )}
      <div className="row">
        <button type="button" onClick={draft.done}>
          {t('review.done')}
        </button>
        {tail && (
          <button type="button" onClick={join}>
            {t('review.join')}
          </button>
        )}
        <span className="small soft" role="status">
          {t(edit.saved ? 'review.stored' : 'review.storing')}
        </span>
      </div>
    </div>
  );
}
