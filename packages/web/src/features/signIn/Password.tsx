import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, fieldError } from '../../lib/ui.tsx';
import { PasswordField } from './PasswordField.tsx';

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
        {has && <PasswordField label={t('security.current')} value={current} onChange={setCurrent} />}
        <PasswordField
          label={t('settings.newPassword')}
          value={password}
          isNew
          error={fieldError(save.error, '/password')}
          onChange={setPassword}
        />
        <Failure error={save.error} marked />
        <div className="row">
          <button disabled={save.isPending}>{t('common.save')}</button>
          {save.isSuccess && <span role="status">{t('common.saved')}</span>}
        </div>
      </fieldset>
    </form>
  );
}
