import type { Erasure, SigningKey } from '@rapport/protocol/privacy';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { List } from '../../lib/Page.tsx';
import { CopyButton, Failure, formatDate } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';
import { receiptLink } from './receipt.ts';

const rowsOf = ({ counts }: Erasure): number =>
  Object.values(counts ?? {}).reduce((sum, tables) => sum + Object.values(tables).reduce((a, b) => a + b, 0), 0);

export function ErasuresSection() {
  const { t } = useTranslation();
  const list = usePages<Erasure>('/privacy/erasures');
  const key = useQuery({ queryKey: ['signing-key'], queryFn: () => api.get<SigningKey>('/privacy/signing-key') });
  return (
    <section className="card stack" aria-labelledby="erasures">
      <h2 id="erasures">{t('privacy.erasures')}</h2>
      <p className="soft">{t('privacy.erasuresHint')}</p>
      <Failure error={key.error} />
      {key.data && (
        <div className="row">
          <span className="grow small">
            {t('privacy.fingerprint')}: <code>{key.data.fingerprint}</code>
          </span>
          <CopyButton text={key.data.publicKey} label={t('privacy.copyKey')} />
        </div>
      )}
      <List list={list} inSection empty={<p className="soft">{t('privacy.noErasures')}</p>}>
        {(erasure) => (
          <>
            <span className="grow">
              {formatDate(erasure.erasedAt ?? erasure.startedAt)} · {t(`privacy.status.${erasure.status}`)}
              {erasure.counts && ` · ${t('privacy.entries', { count: rowsOf(erasure) })}`}
              <br />
              <code className="small">{erasure.subject.id}</code>
            </span>
            {erasure.hasReceipt && (
              <a
                className="button"
                href={receiptLink(erasure.id)}
                aria-label={`${t('privacy.receipt')}: ${erasure.subject.id}`}
              >
                {t('privacy.receipt')}
              </a>
            )}
          </>
        )}
      </List>
    </section>
  );
}
