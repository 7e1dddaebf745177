import type { Invitation, InvitationCreated } from '@rapport/protocol/sessions';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import QRCode from 'qrcode';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { CopyButton, Dialog, Failure, Field, fieldError, formatDate } from '../../lib/ui.tsx';

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

interface Props {
  sessionId: string;
  /** Nobody is invited into an ended session; who was stays to be seen, and to be shut out. */
  ended: boolean;
  open: boolean;
  onClose(): void;
}

/** What is inside is made anew at each opening: a link is shown once. */
export function InviteDialog({ sessionId, ended, open, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Dialog open={open} title={ended ? t('invite.existing') : t('invite.title')} onClose={onClose}>
      {ended ? <Existing sessionId={sessionId} /> : <Invite sessionId={sessionId} />}
    </Dialog>
  );
}

function Invite({ sessionId }: { sessionId: string }) {
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
    onSuccess: () => {
      setAlias('');
      return queries.invalidateQueries({ queryKey: ['invitations', sessionId] });
    },
  });
  return (
    <>
      {create.data ? (
        <div className="stack">
          <Field label={t('invite.link')} hint={t('invite.once')}>
            {(ids) => <input {...ids} readOnly value={create.data.url} onFocus={(e) => e.target.select()} />}
          </Field>
          <CopyButton text={create.data.url} className="primary" />
          <Qr text={create.data.url} label={t('invite.qr')} />
          <button type="button" onClick={() => create.reset()}>
            {t('invite.another')}
          </button>
        </div>
      ) : (
        <div className="stack">
          <Field label={`${t('invite.alias')} (${t('common.optional')})`} error={fieldError(create.error, '/alias')}>
            {(ids) => (
              <input {...ids} maxLength={120} dir="auto" value={alias} onChange={(e) => setAlias(e.target.value)} />
            )}
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
      <Existing
        sessionId={sessionId}
        // A link that works no more is not left to be copied.
        onRevoked={(id) => create.data?.id === id && create.reset()}
      />
    </>
  );
}

function Existing({ sessionId, onRevoked }: { sessionId: string; onRevoked?(id: string): void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const list = useQuery({
    queryKey: ['invitations', sessionId],
    queryFn: () => api.get<{ items: Invitation[] }>(`/sessions/${sessionId}/invitations`),
  });
  const revoke = useMutation({
    mutationFn: (id: string) => api.delete(`/sessions/${sessionId}/invitations/${id}`),
    onSuccess: (_answer, id) => {
      onRevoked?.(id);
      return queries.invalidateQueries({ queryKey: ['invitations', sessionId] });
    },
  });
  const state = (i: Invitation): string => {
    if (i.revokedAt) return t('invite.revoked');
    if (i.acceptedAt) return t('invite.accepted');
    return Date.parse(i.expiresAt) < Date.now()
      ? t('invite.expired')
      : t('invite.until', { date: formatDate(i.expiresAt) });
  };
  if (list.error) return <Failure error={list.error} />;
  if (!list.data?.items.length) return <p className="soft">{t('invite.none')}</p>;
  return (
    <div>
      <h3>{t('invite.existing')}</h3>
      <ul className="list">
        {list.data.items.map((i) => (
          <li key={i.id} className="row">
            <span className="grow">
              <bdi>{i.alias ?? formatDate(i.createdAt)}</bdi> <span className="soft small">{state(i)}</span>
            </span>
            {!i.revokedAt && (
              <button type="button" className="quiet" disabled={revoke.isPending} onClick={() => revoke.mutate(i.id)}>
                {t('invite.revoke')}
              </button>
            )}
          </li>
        ))}
      </ul>
      <Failure error={revoke.error} />
    </div>
  );
}
