import type { PrivacyProfile, RecordOfProcessing } from '@rapport/protocol/processing';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { Failure, Field } from '../../lib/ui.tsx';

const key = ['/privacy/record'];

/** The record of processing activities, made from the settings. */
export function ProcessingSection() {
  const { t } = useTranslation();
  const may = useMay();
  const record = useQuery({ queryKey: key, queryFn: () => api.get<RecordOfProcessing>('/privacy/record') });
  return (
    <section className="stack" aria-labelledby="processing-title">
      <h2 id="processing-title">{t('processing.title')}</h2>
      <p className="soft">{t('processing.hint')}</p>
      <Failure error={record.error} />
      {record.data && (
        <>
          <h3>{t('processing.recipients')}</h3>
          {record.data.recipients.length === 0 && <p>{t('processing.nobody')}</p>}
          <ul className="list">
            {record.data.recipients.map((one, i) => (
              <li key={i}>
                {one.name} <span className="soft small">{one.place}</span>{' '}
                <span className="badge">{t(`processing.status.${one.status}`)}</span>
              </li>
            ))}
          </ul>
          {may('privacy.manage') && <Profile profile={record.data.profile} />}
        </>
      )}
      <div className="row">
        <a className="button" download href="/api/v1/privacy/record?format=markdown">
          {t('processing.markdown')}
        </a>
        <a className="button" download="record-of-processing.json" href="/api/v1/privacy/record?format=json">
          {t('processing.json')}
        </a>
      </div>
    </section>
  );
}

function Profile({ profile }: { profile: PrivacyProfile }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [draft, setDraft] = useState(profile);
  const save = useMutation({
    mutationFn: () => api.put<RecordOfProcessing>('/privacy/record/profile', draft),
    onSuccess: (next) => queries.setQueryData(key, next),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      {(['controller', 'contact', 'officer'] as const).map((name) => (
        <Field key={name} label={t(`processing.${name}`)}>
          {(ids) => (
            <input
              {...ids}
              maxLength={300}
              value={draft[name]}
              onChange={(e) => setDraft({ ...draft, [name]: e.target.value })}
            />
          )}
        </Field>
      ))}
      <Failure error={save.error} />
      <div className="row">
        <button disabled={save.isPending}>{t('common.save')}</button>
        {save.isSuccess && <span role="status">{t('common.saved')}</span>}
      </div>
    </form>
  );
}
