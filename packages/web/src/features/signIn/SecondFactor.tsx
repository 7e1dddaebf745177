import type { OwnSignIn, RecoveryCodes, SecondFactorSetUp } from '@rapport/protocol/signIn';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { toDataURL } from 'qrcode';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { CopyButton, Failure, Field } from '../../lib/ui.tsx';
import { PasswordField } from './PasswordField.tsx';

export function SecondFactor({ own }: { own: OwnSignIn }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [password, setPassword] = useState('');
  const [begun, setBegun] = useState<SecondFactorSetUp | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const body = own.hasPassword ? { password } : {};
  const reload = () => {
    setPassword('');
    void queries.invalidateQueries();
  };
  const act = useMutation({
    mutationFn: async (what: 'enable' | 'disable' | 'generate-backup-codes') => {
      if (what === 'enable') return setBegun(await api.post<SecondFactorSetUp>('/auth/two-factor/enable', body));
      if (what === 'disable') return void (await api.post('/auth/two-factor/disable', body));
      setCodes((await api.post<RecoveryCodes>('/auth/two-factor/generate-backup-codes', body)).backupCodes);
    },
    onSuccess: reload,
  });
  const done = () => {
    setCodes(begun?.backupCodes ?? null);
    setBegun(null);
    reload();
  };
  return (
    <fieldset className="stack">
      <legend>{t('security.secondFactor')}</legend>
      <p>{t(own.secondFactor ? 'security.secondFactorOn' : 'security.secondFactorOff')}</p>
      {codes && <Codes codes={codes} />}
      {begun ? (
        <Confirm begun={begun} onDone={done} />
      ) : (
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            act.mutate(own.secondFactor ? 'generate-backup-codes' : 'enable');
          }}
        >
          {own.hasPassword && (
            <PasswordField label={t('security.yourPassword')} value={password} onChange={setPassword} />
          )}
          <Failure error={act.error} />
          <div className="row">
            <button disabled={act.isPending}>{t(own.secondFactor ? 'security.newCodes' : 'security.setUpApp')}</button>
            {own.secondFactor && (
              <button
                type="button"
                className="danger"
                disabled={act.isPending || (own.hasPassword && !password)}
                onClick={() => act.mutate('disable')}
              >
                {t('security.turnOff')}
              </button>
            )}
          </div>
        </form>
      )}
    </fieldset>
  );
}

function Confirm({ begun, onDone }: { begun: SecondFactorSetUp; onDone(): void }) {
  const { t } = useTranslation();
  const [image, setImage] = useState('');
  const [code, setCode] = useState('');
  const { totpURI } = begun;
  useEffect(() => {
    void toDataURL(totpURI, { margin: 1, width: 220 }).then(setImage);
  }, [totpURI]);
  const check = useMutation({
    mutationFn: () => api.post('/auth/two-factor/verify-totp', { code: code.trim() }),
    onSuccess: onDone,
  });
  const secret = new URL(totpURI).searchParams.get('secret') ?? '';
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        check.mutate();
      }}
    >
      <p>{t('security.scan')}</p>
      {image && <img src={image} alt={t('security.qr')} width={220} height={220} />}
      <p className="small">
        {t('security.secret')} <code className="wrap">{secret}</code> <CopyButton text={secret} />
      </p>
      <Field label={t('signIn.code')}>
        {(ids) => (
          <input
            {...ids}
            required
            inputMode="numeric"
            minLength={6}
            maxLength={6}
            autoComplete="one-time-code"
            value={code}
            onChange={(e) => setCode(e.target.value)}
          />
        )}
      </Field>
      <Failure error={check.error} />
      <div className="row">
        <button className="primary" disabled={check.isPending}>
          {t('security.turnOn')}
        </button>
      </div>
    </form>
  );
}

function Codes({ codes }: { codes: string[] }) {
  const { t } = useTranslation();
  return (
    <div className="note stack" role="status">
      <p>{t('security.codesOnce')}</p>
      <ul className="plain">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div className="row">
        <CopyButton text={codes.join('\n')} />
      </div>
    </div>
  );
}
