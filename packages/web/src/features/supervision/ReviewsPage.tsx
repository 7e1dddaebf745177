import type { Review } from '@rapport/protocol/supervision';
import { useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { Empty, Page } from '../../lib/Page.tsx';
import { Failure, Field, Loading } from '../../lib/ui.tsx';
import { DeputyField } from './DeputyField.tsx';
import { DecidedReviews } from './DecidedReviews.tsx';
import { OpenReview } from './OpenReview.tsx';
import { ReviewItem } from './ReviewItem.tsx';
import { atOnce, useOpenReviews } from './useOpenReviews.ts';

/** Every reply that a person must read, most urgent first. */
export function ReviewsPage() {
  const { t } = useTranslation();
  const may = useMay();
  const [tab, setTab] = useState<'queue' | 'past'>('queue');
  return (
    <Page title={t('review.title')}>
      <div className="row tabs" role="group" aria-label={t('review.title')}>
        {(['queue', 'past'] as const).map((one) => (
          <button key={one} type="button" aria-pressed={tab === one} onClick={() => setTab(one)}>
            {t(`review.${one}`)}
          </button>
        ))}
      </div>
      {tab === 'queue' ? <Queue /> : <DecidedReviews />}
      {may('sessions.review') && may('members.read') && <DeputyField />}
    </Page>
  );
}

const everybody = { persona: '', client: '' };
const clientOf = (review: Review): string => review.client?.name ?? review.alias ?? '';

function Queue() {
  const { t } = useTranslation();
  const may = useMay();
  const queue = useOpenReviews();
  const [filter, setFilter] = useState(everybody);
  const [opened, setOpened] = useState<Review | null>(null);
  const box = useRef<HTMLUListElement>(null);
  const all = queue.data?.items ?? [];
  const items = all.filter(
    (one) =>
      (!filter.persona || one.persona.name === filter.persona) && (!filter.client || clientOf(one) === filter.client),
  );
  const open = (review: Review) => {
    setOpened(review);
    // Whoever was first is named by the draft itself.
    if (may('sessions.review') && !review.claim) api.post(`/reviews/${review.id}/claim`).catch(() => {});
  };
  const next = items.find((one) => one.id !== opened?.id);
  const toList = () => {
    setOpened(null);
    requestAnimationFrame(() => box.current?.querySelector<HTMLElement>('button')?.focus());
  };
  return (
    <>
      <Failure error={queue.error} />
      {queue.isPending && <Loading />}
      {queue.isSuccess && all.length === 0 && !opened && (
        <Empty title={t('review.empty')} hint={t('review.emptyHint')} />
      )}
      {(all.length > 0 || opened) && (
        <>
          <p className="small soft">{t('review.keys')}</p>
          <Filters all={all} filter={filter} onChange={setFilter} />
          <div
            className={`queue ${opened ? 'opened' : ''}`}
            onKeyDown={(e) => e.key === 'Escape' && opened && !(e.target as Element).closest('dialog') && toList()}
          >
            <div>
              <p className="small" role="status">
                {t('review.number', { count: all.length })}
                {queue.data?.next && ` ${t('review.first', { count: atOnce })}`}
              </p>
              {all.length > 0 && items.length === 0 && <p className="soft">{t('review.noMatch')}</p>}
              <ul className="list" ref={box} onKeyDown={(e) => move(box.current, e)}>
                {items.map((review) => (
                  <li key={review.id}>
                    <ReviewItem review={review} current={review.id === opened?.id} onOpen={() => open(review)} />
                  </li>
                ))}
              </ul>
            </div>
            {opened ? (
              <OpenReview key={opened.id} review={opened} onBack={toList} onNext={next ? () => open(next) : null} />
            ) : (
              <p className="soft choose">{t('review.choose')}</p>
            )}
          </div>
        </>
      )}
    </>
  );
}

/** J, K and the arrows lead from one to the next. */
function move(box: HTMLElement | null, event: KeyboardEvent) {
  const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
  if (!step || !box || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const buttons = [...box.querySelectorAll<HTMLElement>('button')];
  const at = buttons.findIndex((one) => one === document.activeElement);
  buttons[Math.min(Math.max(at + step, 0), buttons.length - 1)]?.focus();
}

interface FilterProps {
  all: Review[];
  filter: typeof everybody;
  onChange(filter: typeof everybody): void;
}

/** By what stands in the queue now. */
function Filters({ all, filter, onChange }: FilterProps) {
  const { t } = useTranslation();
  const names = { persona: all.map((one) => one.persona.name), client: all.map(clientOf) };
  return (
    <div className="row filters">
      {(['persona', 'client'] as const).map((kind) => (
        <div className="grow" key={kind}>
          <Field label={t(`sessions.${kind}`)}>
            {(ids) => (
              <select {...ids} value={filter[kind]} onChange={(e) => onChange({ ...filter, [kind]: e.target.value })}>
                <option value="">{t('common.any')}</option>
                {[...new Set([...names[kind], filter[kind]])]
                  .filter(Boolean)
                  .sort((a, b) => a.localeCompare(b))
                  .map((name) => (
                    <option key={name}>{name}</option>
                  ))}
              </select>
            )}
          </Field>
        </div>
      ))}
    </div>
  );
}
