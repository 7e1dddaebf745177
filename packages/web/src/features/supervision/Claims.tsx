import type { Claim } from '@rapport/protocol/claims';
import { useTranslation } from 'react-i18next';

interface Props {
  text: string;
  claims: Claim[];
}

/** What became of each sentence of a reply that cited something. The wording is all that was compared. */
export function Claims({ text, claims }: Props) {
  const { t } = useTranslation();
  const missing = claims.filter(({ verdict }) => verdict === 'not-found');
  if (claims.length === 0) return null;
  return (
    <details className="small claims" open={missing.length > 0}>
      <summary>
        {t('claims.title', { held: claims.length - missing.length, count: claims.length })}{' '}
        {missing.length > 0 && <span className="badge warn">{t('claims.missing', { count: missing.length })}</span>}
      </summary>
      <ul>
        {claims.map((claim) => (
          <li key={claim.start}>
            <span className={claim.verdict === 'not-found' ? 'badge warn' : 'badge'}>
              {t(`claims.${claim.verdict}`)}
            </span>{' '}
            <q dir="auto">{text.slice(claim.start, claim.end)}</q>
          </li>
        ))}
      </ul>
      <p className="soft">{t('claims.hint')}</p>
    </details>
  );
}
