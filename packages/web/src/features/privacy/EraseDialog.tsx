import type { Erasure, StoredRecord, Subject } from '@rapport/protocol/privacy';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Dialog, Failure, Field, fieldError, Loading } from '../../lib/ui.tsx';
import { receiptLink } from './receipt.ts';

export type Whom = Subject & { name: string };

/** What would go, what keeps it, and the name to type before it does. */
export function EraseDialog({ whom, onClose }: { whom: Whom | null; onClose(): void }) {
  const { t } = useTranslation();
  return (
    <Dialog open={whom !== null} title={`${t('privacy.erase')}: ${whom?.name ?? ''}`} onClose={onClose}>
      {whom && <Erase whom={whom} />}
    </Dialog>
  );
}

function Erase({ whom }: { whom: Whom }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const path = `/privacy/records/${whom.kind}/${whom.id}`;
  const record = useQuery({
    queryKey: [path],
    queryFn: () => api.get<StoredRecord>(path),
    staleTime: 0,
    refetchOnWindowFocus: false,
  });
  const [confirm, setConfirm] = useState('');
  const erase = useMutation({
    mutationFn: () => api.post<Erasure>('/privacy/erasures', { subject: { kind: whom.kind, id: whom.id }, confirm }),
    onSuccess: async () => {
      for (const list of ['/clients', '/privacy/requests', '/privacy/holds', '/privacy/erasures', '/sessions']) {
        await queries.invalidateQueries({ queryKey: [list] });
      }
    },
  });
  if (erase.data) {
    return (
      <div role="status" className="stack">
        <p>{t('privacy.erased')}</p>
        <a href={receiptLink(erase.data.id)}>{t('privacy.receipt')}</a>
      </div>
    );
  }
  if (!record.data) return record.error ? <Failure error={record.error} /> : <Loading />;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    erase.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Preview record={record.data} />
      {record.data.holds.length > 0 ? (
        <p className="note bad">{t('privacy.held', { count: record.data.holds.length })}</p>
      ) : (
        <>
          <p className="note warn">{t('privacy.final')}</p>
          <Field label={t('privacy.typeName', { name: record.data.name })} error={fieldError(erase.error, '/confirm')}>
            {(ids) => (
              <input
                {...ids}
                required
                autoComplete="off"
                value={confirm}
                onChange={(e) => setConfirm(e.target.value)}
              />
            )}
          </Field>
          <Failure error={erase.error} />
          <button className="danger" disabled={erase.isPending || confirm.trim() !== record.data.name.trim()}>
            {erase.isPending ? t('privacy.erasing') : t('privacy.eraseNow')}
          </button>
        </>
      )}
    </form>
  );
}

function Preview({ record }: { record: StoredRecord }) {
  const { t } = useTranslation();
  return (
    <>
      <p>{t('privacy.goes', { count: record.sessions })}</p>
      <table>
        <thead>
          <tr>
            <th>{t('privacy.what')}</th>
            <th>{t('privacy.rows')}</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(record.counts).map(([category, tables]) => (
            <tr key={category}>
              <td>{t(`privacy.category.${category}`)}</td>
              <td>{Object.values(tables).reduce((sum, n) => sum + n, 0)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {record.keyed && <p className="soft">{t('privacy.keyGoes')}</p>}
    </>
  );
}
