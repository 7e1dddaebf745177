import type { Invitation, InvitationCreated } from '@rapport/protocol/sessions';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import QRCode from 'qrcode';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { CopyButton, Dialog, Failure, Field, formatDate } from '../../lib/ui.tsx';

const spans = [
  [3600, 'invite.hour'],
  [86_400, 'invite.day'],
  [604_800, 'invite.week'],
  [2_592_000, 'invite.month'],
] as const;

/** One path for all dark modules: an image of our own, nothing asked from anywhere. */
function Qr({ text, label }: { text: string; label: string }) {
  const { modules } = QRCode.create(text, { errorCorrectionLevel: 'M' });
  const cells = Array.from({ length: modules.size * modules.size }, (_, i) => i).filter((i) => modules.data[i]);
  const path = cells.map((i) => `M${i % modules.size} ${Math.floor(i / modules.size)}h1v1h-1z`).join('');
  return (
    <svg className="qr" viewBox={`-2 -2 ${modules.size + 4} ${modules.size + 4}`} role="img" aria-label={label}>
      <path d={path} fill="#000" />
    </svg>
  );
}

export function InviteDialog({ sessionId, open, onClose }: { sessionId: string; open: boolean; onClose(): void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [alias, setAlias] = useState('');
  const [span, setSpan] = useState(604_800);
  const create = useMutation({
    mutationFn: () =>
      api.post<InvitationCreated>(`/sessions/${sessionId}/invitations`, {
        expiresInSeconds: span,
        ...(alias.trim() ? { alias: alias.trim() } : {}),
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['invitations', sessionId] }),
  });
  return (
    <Dialog open={open} title={t('invite.title')} onClose={onClose}>
      {create.data ? (
        <div className="stack">
          <Field label={t('invite.link')} hint={t('invite.once')}>
            {(ids) => <input {...ids} readOnly value={create.data.url} onFocus={(e) => e.target.select()} />}
          </Field>
          <CopyButton text={create.data.url} className="primary" />
          <Qr text={create.data.url} label={t('invite.qr')} />
        </div>
      ) : (
        <div className="stack">
          <Field label={`${t('invite.alias')} (${t('common.optional')})`}>
            {(ids) => <input {...ids} maxLength={120} value={alias} onChange={(e) => setAlias(e.target.value)} />}
          </Field>
          <Field label={t('invite.expires')}>
            {(ids) => (
              <select {...ids} value={span} onChange={(e) => setSpan(Number(e.target.value))}>
                {spans.map(([seconds, label]) => (
                  <option key={seconds} value={seconds}>
                    {t(label)}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Failure error={create.error} />
          <button type="button" className="primary" disabled={create.isPending} onClick={() => create.mutate()}>
            {t('invite.create')}
          </button>
        </div>
      )}
      <Existing sessionId={sessionId} />
    </Dialog>
  );
}

function Existing({ sessionId }: { sessionId: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const list = useQuery({
    queryKey: ['invitations', sessionId],
    queryFn: () => api.get<{ items: Invitation[] }>(`/sessions/${sessionId}/invitations`),
  });
  const revoke = useMutation({
    mutationFn: (id: string) => api.delete(`/sessions/${sessionId}/invitations/${id}`),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['invitations', sessionId] }),
  });
  const state = (i: Invitation): string => {
    if (i.revokedAt) return t('invite.revoked');
    if (i.acceptedAt) return t('invite.accepted');
    return Date.parse(i.expiresAt) < Date.now()
      ? t('invite.expired')
      : t('invite.until', { date: formatDate(i.expiresAt) });
  };
  if (!list.data?.items.length) return null;
  return (
    <div>
      <h3>{t('invite.existing')}</h3>
      <ul className="list">
        {list.data.items.map((i) => (
          <li key={i.id} className="row">
            <span className="grow">
              {i.alias ?? formatDate(i.createdAt)} <span className="soft small">{state(i)}</span>
            </span>
            {!i.revokedAt && (
              <button type="button" className="quiet" disabled={revoke.isPending} onClick={() => revoke.mutate(i.id)}>
                {t('invite.revoke')}
              </button>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}
