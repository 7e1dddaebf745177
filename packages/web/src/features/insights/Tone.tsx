import { toneWords, type AiTone } from '@rapport/protocol/aiInsights';
import type { SessionInsight } from '@rapport/protocol/insights';
import { useTranslation } from 'react-i18next';
import { isolated } from '../../lib/ui.tsx';
import { AskButton } from './AskButton.tsx';
import { MadeBy, RemoveMade } from './MadeBy.tsx';
import { Places } from './Places.tsx';
import { Section } from './Section.tsx';

/** What a model guessed of the tone of a session; where the organisation has it off, only that one is kept from before. */
export function Tone({ insight: { sessionId, tone } }: { insight: SessionInsight }) {
  const { t } = useTranslation();
  if (tone.state === 'off' && !tone.withheld) return null;
  return (
    <Section title={t('tone.title')} hint={t('tone.hint')}>
      {tone.state === 'consent-needed' && <p>{t('tone.noConsent')}</p>}
      {tone.withheld && (
        <div className="row">
          <span className="grow">{t('tone.withheld')}</span>
          <RemoveMade id={tone.withheld} />
        </div>
      )}
      {tone.state === 'on' && (
        <>
          {tone.guessed ? <Guessed guessed={tone.guessed} /> : <p className="soft">{t('insight.noSummary')}</p>}
          <AskButton
            label={t(tone.guessed ? 'insight.askAgain' : 'tone.ask')}
            path={`/sessions/${sessionId}/insights/tone`}
          />
        </>
      )}
    </Section>
  );
}

function Guessed({ guessed }: { guessed: AiTone }) {
  const { t } = useTranslation();
  const { points } = guessed;
  return (
    <>
      <p>
        <strong>{t('tone.label')}</strong>
      </p>
      <MadeBy made={guessed} leftOut={t('tone.leftOut', { count: guessed.leftOut })} />
      <dl className="shares lanes">
        {toneWords.map((word) => (
          <div key={word}>
            <dt className="small">{t(`tone.word.${word}`)}</dt>
            <dd>
              <Lane word={word} points={points} />
            </dd>
          </div>
        ))}
      </dl>
      <details>
        <summary>{t('tone.quotes', { count: points.length })}</summary>
        <ul className="list">
          {points.map(({ seq, quote, tone, sessionId }, at) => (
            <li key={at}>
              <span className="badge">{t(`tone.word.${tone}`)}</span>{' '}
              <span dir="auto">{t('insight.quoted', { quote: isolated(quote) })}</span>
              <Places sessionId={sessionId} seqs={[seq]} what={t('insight.where')} />
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}

/** From left to right as the session went: where the model guessed this. */
function Lane({ word, points }: { word: string; points: AiTone['points'] }) {
  const { t } = useTranslation();
  const at = points.flatMap(({ tone }, place) => (tone === word ? [place] : []));
  return (
    <svg
      className="bars share"
      role="img"
      aria-label={t('tone.lane', { word: t(`tone.word.${word as 'calm'}`), count: at.length, all: points.length })}
      viewBox={`0 0 ${points.length} 1`}
      preserveAspectRatio="none"
    >
      <rect className="rest" width={points.length} height={1} />
      {at.map((x) => (
        <rect key={x} x={x} width={1} height={1} />
      ))}
    </svg>
  );
}
