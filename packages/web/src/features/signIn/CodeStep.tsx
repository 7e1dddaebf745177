import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, Field } from '../../lib/ui.tsx';

/** The second step: a code of the authenticator app, or one of the recovery codes. */
export function CodeStep({ onDone }: { onDone(): void }) {
  const { t } = useTranslation();
  const [recovery, setRecovery] = useState(false);
  const [code, setCode] = useState('');
  const check = useMutation({
    mutationFn: () =>
      api.post(`/auth/two-factor/${recovery ? 'verify-backup-code' : 'verify-totp'}`, { code: code.trim() }),
    onSuccess: onDone,
  });
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        check.mutate();
      }}
    >
      <p>{t(recovery ? 'signIn.recoveryHint' : 'signIn.codeHint')}</p>
      <Field label={t(recovery ? 'signIn.recoveryCode' : 'signIn.code')}>
        {(ids) => (
          <input
            {...ids}
            required
            minLength={6}
            maxLength={32}
            autoComplete="one-time-code"
            inputMode={recovery ? 'text' : 'numeric'}
            value={code}
            onChange={(e) => setCode(e.target.value)}
          />
        )}
      </Field>
      <Failure error={check.error} />
      <div className="row">
        <button className="primary" disabled={check.isPending}>
          {t('signIn.go')}
        </button>
        <button
          type="button"
          className="quiet"
          onClick={() => {
            setRecovery(!recovery);
            setCode('');
          }}
        >
          {t(recovery ? 'signIn.useCode' : 'signIn.useRecovery')}
        </button>
      </div>
    </form>
  );
}
