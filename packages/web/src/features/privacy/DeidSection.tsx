import type { DeidExport, DeidForm, DeidItem, DeidPiece } from '@rapport/protocol/deid';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay, useMe } from '../../lib/me.ts';
import { List, More } from '../../lib/Page.tsx';
import { Dialog, Failure, Field, formatDate } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';

const path = '/privacy/deid-exports';

/** De-identified exports: prepared by one, read and signed off by another. */
export function DeidSection() {
  const { t } = useTranslation();
  const may = useMay();
  const queries = useQueryClient();
  const list = usePages<DeidExport>(path);
  const [open, setOpen] = useState<DeidExport | null>(null);
  const refresh = () => queries.invalidateQueries({ queryKey: [path] });
  const remove = useMutation({ mutationFn: (id: string) => api.delete(`${path}/${id}`), onSuccess: refresh });
  return (
    <section className="stack" aria-labelledby="deid-title">
      <h2 id="deid-title">{t('deid.title')}</h2>
      <p className="soft">{t('deid.hint')}</p>
      {may('research.export') && <Prepare onDone={refresh} />}
      <List list={list} empty={<p className="soft">{t('deid.none')}</p>}>
        {(one) => (
          <>
            <span className="grow">
              <strong>{t(`deid.form.${one.form}`)}</strong>{' '}
              <span className="badge">{t(`deid.status.${one.status}`)}</span>
              <br />
              <span className="soft small">
                {formatDate(one.createdAt)} · {one.createdBy.name} · {t('deid.sessions', { count: one.sessions })}
                {one.leftOut > 0 && ` · ${t('deid.leftOut', { count: one.leftOut })}`}
                {one.reviewedBy && ` · ${t('deid.by', { name: one.reviewedBy.name })}`}
              </span>
            </span>
            {one.status === 'approved' && (
              <a className="button" download href={`/api/v1${path}/${one.id}/download`}>
                {t('deid.download')}
              </a>
            )}
            {one.status === 'waiting' && may('research.review') && (
              <button type="button" onClick={() => setOpen(one)}>
                {t('deid.review')}
              </button>
            )}
            {may('research.export') && (
              <button type="button" className="quiet" onClick={() => remove.mutate(one.id)}>
                {t('common.delete')}
              </button>
            )}
          </>
        )}
      </List>
      <Failure error={remove.error} />
      <Dialog open={open !== null} title={t('deid.review')} onClose={() => setOpen(null)}>
        {open && (
          <Review
            one={open}
            onDone={() => {
              setOpen(null);
              void refresh();
            }}
          />
        )}
      </Dialog>
    </section>
  );
}

function Prepare({ onDone }: { onDone(): Promise<void> }) {
  const { t } = useTranslation();
  const [form, setForm] = useState<DeidForm>('anonymised');
  const [purpose, setPurpose] = useState('research');
  const [days, setDays] = useState({ from: '', to: '' });
  const [terms, setTerms] = useState('');
  const prepare = useMutation({
    mutationFn: () =>
      api.post<DeidExport>(path, {
        form,
        purpose,
        pick: Object.fromEntries(Object.entries(days).filter(([, day]) => day)),
        terms: terms
          .split('\n')
          .map((term) => term.trim())
          .filter(Boolean),
      }),
    onSuccess: onDone,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    prepare.mutate();
  };
  return (
    <form className="card stack" onSubmit={submit}>
      <h3>{t('deid.prepare')}</h3>
      <Field label={t('deid.how')} hint={t(`deid.about.${form}`)}>
        {(ids) => (
          <select {...ids} value={form} onChange={(e) => setForm(e.target.value as DeidForm)}>
            <option value="anonymised">{t('deid.form.anonymised')}</option>
            <option value="pseudonymised">{t('deid.form.pseudonymised')}</option>
          </select>
        )}
      </Field>
      <Field label={t('deid.purpose')}>
        {(ids) => (
          <select {...ids} value={purpose} onChange={(e) => setPurpose(e.target.value)}>
            <option value="research">{t('consents.purpose.research')}</option>
            <option value="sharing">{t('consents.purpose.sharing')}</option>
          </select>
        )}
      </Field>
      {(['from', 'to'] as const).map((end) => (
        <Field key={end} label={t(`deid.${end}`)}>
          {(ids) => (
            <input
              {...ids}
              type="date"
              value={days[end]}
              onChange={(e) => setDays({ ...days, [end]: e.target.value })}
            />
          )}
        </Field>
      ))}
      <Field label={t('deid.terms')} hint={t('deid.termsHint')}>
        {(ids) => <textarea {...ids} value={terms} onChange={(e) => setTerms(e.target.value)} />}
      </Field>
      <Failure error={prepare.error} />
      <div className="row">
        <button className="primary" disabled={prepare.isPending}>
          {prepare.isPending ? t('deid.preparing') : t('deid.go')}
        </button>
        <span role="status">{prepare.isSuccess && t('deid.prepared')}</span>
      </div>
    </form>
  );
}

function Review({ one, onDone }: { one: DeidExport; onDone(): void }) {
  const { t } = useTranslation();
  const me = useMe();
  const items = usePages<DeidItem>(`${path}/${one.id}/items`);
  const [remark, setRemark] = useState('');
  const decide = useMutation({
    mutationFn: (approved: boolean) => api.post(`${path}/${one.id}/decision`, { approved, remark }),
    onSuccess: onDone,
  });
  const own = me.data?.userId === one.createdBy.id;
  return (
    <div className="stack">
      <p className="soft">{t('deid.reviewHint')}</p>
      {items.items.map((item) => (
        <section key={item.ordinal} className="card stack" aria-label={t('deid.session', { number: item.ordinal })}>
          <h3>{t('deid.session', { number: item.ordinal })}</h3>
          {item.messages.map((message, i) => (
            <p key={i}>
              <strong>{t(`deid.author.${message.author}`)}:</strong> <Pieces pieces={message.pieces} />
            </p>
          ))}
        </section>
      ))}
      <More list={items} />
      <Failure error={items.error ?? decide.error} />
      {own ? (
        <p className="note">{t('deid.own')}</p>
      ) : (
        <>
          <Field label={`${t('deid.remark')} (${t('common.optional')})`}>
            {(ids) => <textarea {...ids} maxLength={2000} value={remark} onChange={(e) => setRemark(e.target.value)} />}
          </Field>
          <div className="row">
            <button
              type="button"
              className="primary"
              disabled={decide.isPending || items.hasNextPage || !items.isSuccess}
              onClick={() => decide.mutate(true)}
            >
              {t('deid.approve')}
            </button>
            <button type="button" disabled={decide.isPending} onClick={() => decide.mutate(false)}>
              {t('deid.reject')}
            </button>
          </div>
        </>
      )}
    </div>
  );
}

/** What stood there, struck through, and what stands there now. */
const Pieces = ({ pieces }: { pieces: DeidPiece[] }) =>
  pieces.map((piece, i) =>
    'text' in piece ? (
      <span key={i}>{piece.text}</span>
    ) : (
      <span key={i}>
        <del>{piece.original}</del> <ins>{piece.replacement}</ins>
      </span>
    ),
  );
