import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, Field, fieldError } from '../../lib/ui.tsx';

export function Password({ has }: { has: boolean }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const save = useMutation({
    mutationFn: () => api.put('/me/password', { password, ...(current ? { current } : {}) }),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['own-sign-in'] });
      setCurrent('');
      setPassword('');
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit}>
      <fieldset className="stack">
        <legend>{t('signIn.password')}</legend>
        {has && (
          <Field label={t('security.current')}>
            {(ids) => (
              <input
                {...ids}
                type="password"
                required
                autoComplete="current-password"
                value={current}
                onChange={(e) => setCurrent(e.target.value)}
              />
            )}
          </Field>
        )}
        <Field
          label={t('settings.newPassword')}
          hint={t('security.passwordHint')}
          error={fieldError(save.error, '/password')}
        >
          {(ids) => (
            <input
              {...ids}
              type="password"
              required
              minLength={12}
              maxLength={200}
              autoComplete="new-password"
              value={password}
              onChange={(e) => setPassword(e.target.value)}
            />
          )}
        </Field>
        <Failure error={save.error} marked />
        <div className="row">
          <button disabled={save.isPending}>{t('common.save')}</button>
          {save.isSuccess && <span role="status">{t('common.saved')}</span>}
        </div>
      </fieldset>
    </form>
  );
}
