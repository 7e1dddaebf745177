import type { ReviewDraft } from '@rapport/protocol/supervision';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay, useMe } from '../../lib/me.ts';
import { Dialog, formatTime, isolated } from '../../lib/ui.tsx';
import { Colleague } from './Colleague.tsx';
import type { Draft } from './useDraft.ts';

/** Whose hands it is in, and into whose it goes. */
export function Claim({ review, draft }: { review: ReviewDraft; draft: Draft }) {
  const { t } = useTranslation();
  const me = useMe().data?.userId;
  const may = useMay();
  const [giving, setGiving] = useState(false);
  const [to, setTo] = useState('');
  const { claim } = review;
  const mine = claim?.by === me;
  return (
    <div className="row">
      <span className="small">
        {claim
          ? t(mine ? 'review.claimedByYou' : 'review.claimedBy', {
              name: isolated(claim.name),
              until: formatTime(claim.until),
            })
          : t('review.unclaimed')}
      </span>
      {!claim && (
        <button type="button" className="quiet" onClick={draft.claim}>
          {t('review.claim')}
        </button>
      )}
      {mine && (
        <button type="button" className="quiet" onClick={draft.unclaim}>
          {t('review.unclaim')}
        </button>
      )}
      {(mine || !claim) && may('members.read') && (
        <button type="button" className="quiet" onClick={() => setGiving(true)}>
          {t('review.handOver')}
        </button>
      )}
      <Dialog open={giving} title={t('review.handOver')} onClose={() => setGiving(false)}>
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            draft.handOver(to);
            setGiving(false);
          }}
        >
          <Colleague label={t('review.colleague')} value={to} onChange={setTo} required />
          <button className="primary">{t('review.handOverNow')}</button>
        </form>
      </Dialog>
    </div>
  );
}
