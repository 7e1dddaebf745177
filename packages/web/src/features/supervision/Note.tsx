import type { EventData } from '@rapport/protocol/events';
import { useTranslation } from 'react-i18next';
import { formatDate, isolated } from '../../lib/ui.tsx';
import type { Entry } from '../sessions/roomState.ts';

type NoteEntry = Extract<Entry, { kind: 'note' }>;

/** What the team is told between the lines of a conversation. */
function Note({ entry }: { entry: NoteEntry }) {
  const { t } = useTranslation();
  const by = isolated(entry.by ?? t('review.byItself'));
  switch (entry.type) {
    case 'guidance.given':
      return (
        <article className="message guidance">
          <div className="meta">{t('room.guidanceShown', { name: by })}</div>
          <p dir="auto">{(entry.data as EventData<'guidance.given'>).text}</p>
        </article>
      );
    case 'review.decided':
      return <Decision entry={entry} by={by} />;
    case 'policy.changed':
      return (
        <p className="line">
          {t('review.rungChanged', { name: by, rung: t(`rung.${(entry.data as EventData<'policy.changed'>).rung}`) })}
        </p>
      );
    default:
      return <p className="line">{t('review.overdueLine')}</p>;
  }
}

function Decision({ entry, by }: { entry: NoteEntry; by: string }) {
  const { t } = useTranslation();
  const { decision, reasons, note, editDistance } = entry.data as EventData<'review.decided'>;
  return (
    <article className="message guidance">
      <div className="meta">
        {t(`review.told.${decision}`, { name: by })} · {formatDate(entry.at)}
        {editDistance !== null && ` · ${t('review.changed', { count: editDistance })}`}
      </div>
      {reasons.length > 0 && <p>{reasons.map((reason) => t(`review.reasons.${reason}`)).join(', ')}</p>}
      {note && <p dir="auto">{note}</p>}
    </article>
  );
}

export const noteView = (entry: NoteEntry) => <Note entry={entry} />;
