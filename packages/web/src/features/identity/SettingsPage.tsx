import type { Me } from '@rapport/protocol/setup';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { mayOpen } from '../../lib/access.ts';
import { api } from '../../lib/api.ts';
import { useMay, useMe } from '../../lib/me.ts';
import { Page } from '../../lib/Page.tsx';
import { Failure, Field, fieldError } from '../../lib/ui.tsx';
import { useLetters } from '../signIn/letters.ts';
import { Limits } from '../inference/Limits.tsx';
import { Prices } from '../inference/Prices.tsx';
import { Providers } from '../inference/Providers.tsx';
import { OrganisationPolicy } from '../supervision/OrganisationPolicy.tsx';
import { PacksSection } from '../supervision/PacksSection.tsx';

export function SettingsPage() {
  const { t } = useTranslation();
  const me = useMe();
  const may = useMay();
  return (
    <Page title={t('settings.title')} narrow>
      <SettingsLinks />
      {me.data?.organisation && may('organisation.manage') && <Organisation me={me.data} />}
      {may('organisation.manage') && <Letters />}
      {may('organisation.manage') && may('sessions.read') && <OrganisationPolicy />}
      {may('organisation.manage') && may('sessions.read') && <PacksSection />}
      {may('providers.read') && <Providers />}
      {may('providers.read') && <Prices />}
      {may('organisation.read') && <Limits />}
    </Page>
  );
}

/** Whether letters reach anybody, and if not, what is missing for it. */
function Letters() {
  const { t } = useTranslation();
  const letters = useLetters();
  const may = useMay();
  if (!letters) return null;
  return (
    <fieldset className="stack">
      <legend>{t('settings.letters')}</legend>
      <p className={letters === 'sent' ? '' : 'note warn'}>{t(`settings.lettersAre.${letters}`)}</p>
      {letters === 'kept' && mayOpen('/mailbox', may) && (
        <p>
          <Link to="/mailbox">{t('signIn.mailbox')}</Link>
        </p>
      )}
    </fieldset>
  );
}

const links = [
  ['/settings/members', 'members.title'],
  ['/settings/roles', 'roles.title'],
  ['/settings/teams', 'teams.title'],
  ['/settings/api-keys', 'apiKeys.title'],
] as const;

function SettingsLinks() {
  const { t } = useTranslation();
  const may = useMay();
  const shown = links.filter(([to]) => mayOpen(to, may));
  if (shown.length === 0) return null;
  return (
    <nav aria-label={t('settings.more')}>
      <ul className="list">
        {shown.map(([to, label]) => (
          <li key={to}>
            <Link to={to}>{t(label)}</Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Organisation({ me }: { me: Me }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [name, setName] = useState(me.organisation?.name ?? '');
  const [allowTitles, setAllowTitles] = useState(me.organisation?.allowTitles ?? false);
  const save = useMutation({
    mutationFn: () => api.patch<Me>('/organisation', { name, allowTitles }),
    onSuccess: (next) => queries.setQueryData(['me'], next),
  });
  // What was saved is not what stands here any more.
  const change = (set: () => void) => {
    save.reset();
    set();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit}>
      <fieldset className="stack">
        <legend>{t('settings.organisation')}</legend>
        <Field label={t('common.name')} error={fieldError(save.error, '/name')}>
          {(ids) => (
            <input
              {...ids}
              required
              maxLength={120}
              value={name}
              onChange={(e) => change(() => setName(e.target.value))}
            />
          )}
        </Field>
        <label className="check">
          <input
            type="checkbox"
            checked={allowTitles}
            onChange={(e) => change(() => setAllowTitles(e.target.checked))}
          />
          <span>
            {t('settings.allowTitles')}
            <br />
            <span className="soft small">{t('settings.allowTitlesHint')}</span>
          </span>
        </label>
        <Failure error={save.error} marked />
        <div className="row">
          <button disabled={save.isPending}>{t('common.save')}</button>
          {save.isSuccess && <span role="status">{t('common.saved')}</span>}
        </div>
      </fieldset>
    </form>
  );
}
