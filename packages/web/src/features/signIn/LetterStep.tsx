import type { SignInStep } from '@rapport/protocol/signIn';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, fieldError } from '../../lib/ui.tsx';
import { PasswordField } from './PasswordField.tsx';

interface OpenedLetter {
  kind: 'link' | 'reset' | 'confirm';
  token: string;
}

/** What the link of a letter brought with it. */
export function readLetter(): OpenedLetter | null {
  const [, kind, token] = /^#(link|reset|confirm)=(.+)$/.exec(location.hash) ?? [];
  return kind && token ? { kind: kind as OpenedLetter['kind'], token: decodeURIComponent(token) } : null;
}

interface Props {
  letter: OpenedLetter;
  onSignedIn(step: SignInStep): void;
  onLeave(): void;
}

/** Waits for a press: programs that look at letters follow links, and a link is good once. */
export function LetterStep({ letter, onSignedIn, onLeave }: Props) {
  const { t } = useTranslation();
  const { kind, token } = letter;
  const [newPassword, setNewPassword] = useState('');
  const open = useMutation({
    mutationFn: async () => {
      if (kind === 'link') return api.post<SignInStep>('/auth/magic-link/verify', { token });
      await (kind === 'reset'
        ? api.post('/auth/reset-password', { token, newPassword })
        : api.post('/auth/verify-email', { token }));
      return null;
    },
    onSuccess: (step) => step && onSignedIn(step),
  });
  if (open.isSuccess && kind !== 'link') {
    return (
      <div className="stack">
        <p role="status">{t(kind === 'reset' ? 'signIn.resetDone' : 'signIn.confirmed')}</p>
        {kind === 'reset' ? (
          <button type="button" className="primary" onClick={onLeave}>
            {t('signIn.go')}
          </button>
        ) : (
          <p>
            <a href="/security">{t('security.title')}</a>
          </p>
        )}
      </div>
    );
  }
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        open.mutate();
      }}
    >
      <p>{t(`signIn.letter.${kind}`)}</p>
      {kind === 'reset' && (
        <PasswordField
          label={t('settings.newPassword')}
          value={newPassword}
          isNew
          error={fieldError(open.error, '/password') ?? fieldError(open.error, '/newPassword')}
          onChange={setNewPassword}
        />
      )}
      <Failure error={open.error} marked={kind === 'reset'} />
      <div className="row">
        <button className="primary" disabled={open.isPending}>
          {t(`signIn.press.${kind}`)}
        </button>
        <button type="button" className="quiet" onClick={onLeave}>
          {t('common.cancel')}
        </button>
      </div>
    </form>
  );
}
