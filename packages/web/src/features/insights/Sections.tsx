import type { Report, ReportSection } from '@rapport/protocol/reports';
import { useTranslation } from 'react-i18next';
import { Field, isolated } from '../../lib/ui.tsx';
import { Places } from './Places.tsx';

/** A section as it stands, or one that was added and not saved yet. */
export type DraftSection = Pick<ReportSection, 'heading' | 'text'> & Partial<ReportSection>;

interface Props {
  sections: DraftSection[];
  /** As it is stored. */
  report: Report;
  /** Absent: it is only read. */
  onChange?: (sections: DraftSection[]) => void;
}

export function Sections({ sections, report, onChange }: Props) {
  const { t } = useTranslation();
  if (!onChange)
    return (
      <>
        {sections.map((one) => (
          <section className="stack" key={one.id}>
            <h2 dir="auto">{one.heading}</h2>
            <Source section={one} report={report} />
            <p className="prewrap" dir="auto">
              {one.text}
            </p>
          </section>
        ))}
      </>
    );
  const put = (at: number, next: Partial<DraftSection>) =>
    onChange(sections.map((one, i) => (i === at ? { ...one, ...next } : one)));
  const move = (at: number, by: number) => {
    const next = [...sections];
    next.splice(at + by, 0, ...next.splice(at, 1));
    onChange(next);
  };
  return (
    <>
      {sections.map((one, at) => (
        <fieldset className="stack" key={one.id ?? `new-${at}`}>
          <legend>{t('report.section', { number: at + 1 })}</legend>
          <Source section={one} report={report} />
          <Field label={t('report.heading')}>
            {(ids) => (
              <input
                {...ids}
                required
                maxLength={200}
                readOnly={one.withheld}
                value={one.heading}
                onChange={(e) => put(at, { heading: e.target.value })}
              />
            )}
          </Field>
          <Field label={t('report.text')}>
            {(ids) => (
              <textarea
                {...ids}
                maxLength={20_000}
                readOnly={one.withheld}
                value={one.text}
                onChange={(e) => put(at, { text: e.target.value })}
              />
            )}
          </Field>
          <div className="row">
            <button
              type="button"
              className="quiet"
              aria-label={t('report.up', { heading: one.heading })}
              disabled={at === 0}
              onClick={() => move(at, -1)}
            >
              ↑
            </button>
            <button
              type="button"
              className="quiet"
              aria-label={t('report.down', { heading: one.heading })}
              disabled={at === sections.length - 1}
              onClick={() => move(at, 1)}
            >
              ↓
            </button>
            <span className="grow" />
            <button
              type="button"
              className="quiet"
              aria-label={t('report.remove', { heading: one.heading })}
              onClick={() => onChange(sections.filter((_, i) => i !== at))}
            >
              {t('common.remove')}
            </button>
          </div>
        </fieldset>
      ))}
      <div className="row">
        <button type="button" onClick={() => onChange([...sections, { heading: '', text: '' }])}>
          {t('report.add')}
        </button>
      </div>
    </>
  );
}

/** Where the words come from, and whether they are still those. */
function Source({ section, report }: { section: DraftSection; report: Report }) {
  const { t } = useTranslation();
  const kind = section.kind ?? 'written';
  const stored = report.sections.find(({ id }) => id === section.id);
  const changed = stored !== undefined && stored.text !== section.text;
  const own = report.sessionId ? [{ sessionId: report.sessionId, title: '', seqs: section.seqs ?? [] }] : [];
  const rests = changed ? [] : [...own, ...(section.places ?? [])];
  return (
    <>
      <p className="small">
        <span className={`badge ${kind === 'ai' ? 'warn' : ''}`}>{t(`report.kind.${kind}`)}</span>{' '}
        {section.edited && t('report.edited')} {changed && kind !== 'written' && kind !== 'ai' && t('report.becomes')}
      </p>
      {rests.map(({ sessionId, title, seqs }) => (
        <Places
          key={sessionId}
          sessionId={sessionId}
          seqs={seqs}
          what={title ? t('report.restsIn', { title: isolated(title) }) : t('report.rests')}
        />
      ))}
    </>
  );
}
