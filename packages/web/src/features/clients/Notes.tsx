import type { Note, NoteKind } from '@rapport/protocol/notes';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Confirm } from '../../lib/Confirm.tsx';
import { List } from '../../lib/Page.tsx';
import { Dialog, Failure, Field, fieldError, formatDate } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';

const kinds: readonly NoteKind[] = ['shared', 'private', 'psychotherapy'];

interface Props {
  /** The list of the API: of a client or of a session. */
  path: string;
  mayWrite: boolean;
}

/** What the team wrote down, as far as it is for whoever looks. */
export function Notes({ path, mayWrite }: Props) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const list = usePages<Note>(path);
  const [editing, setEditing] = useState<Note | null>(null);
  const [deleting, setDeleting] = useState<Note | null>(null);
  const refresh = () => queries.invalidateQueries({ queryKey: [path] });
  const remove = useMutation({ mutationFn: (note: Note) => api.delete(`/notes/${note.id}`), onSuccess: refresh });
  return (
    <section className="stack" aria-labelledby="notes">
      <h2 id="notes">{t('notes.title')}</h2>
      {mayWrite && <Write path={path} onWritten={refresh} />}
      <Failure error={remove.error} />
      <List list={list} inSection empty={<p className="soft">{t('notes.empty')}</p>}>
        {(note) => (
          <>
            <div className="grow">
              <span className="soft small">
                <bdi>{note.author.name}</bdi> · {formatDate(note.createdAt)}
              </span>{' '}
              <span className={note.kind === 'shared' ? 'badge' : 'badge warn'}>{t(`notes.kind.${note.kind}`)}</span>
              <p className="said" dir="auto">
                {note.text}
              </p>
            </div>
            {note.mine && mayWrite && (
              <>
                <button type="button" className="quiet" onClick={() => setEditing(note)}>
                  {t('notes.change')}
                </button>
                <button type="button" className="quiet" onClick={() => setDeleting(note)}>
                  {t('common.delete')}
                </button>
              </>
            )}
          </>
        )}
      </List>
      <Dialog open={editing !== null} title={t('notes.change')} onClose={() => setEditing(null)}>
        {editing && <Edit note={editing} onDone={() => void refresh().then(() => setEditing(null))} />}
      </Dialog>
      <Confirm
        open={deleting !== null}
        title={t('notes.deleteTitle')}
        text={t('notes.deleteText')}
        action={t('common.delete')}
        onConfirm={() => deleting && remove.mutate(deleting)}
        onClose={() => setDeleting(null)}
      />
    </section>
  );
}

interface TextProps {
  text: string;
  onChange(text: string): void;
  error: unknown;
}

function Text({ text, onChange, error }: TextProps) {
  const { t } = useTranslation();
  return (
    <Field label={t('notes.text')} error={fieldError(error, '/text')}>
      {(ids) => (
        <textarea {...ids} required maxLength={20_000} value={text} onChange={(e) => onChange(e.target.value)} />
      )}
    </Field>
  );
}

function Write({ path, onWritten }: { path: string; onWritten(): Promise<void> }) {
  const { t } = useTranslation();
  const [kind, setKind] = useState<NoteKind>('shared');
  const [text, setText] = useState('');
  const write = useMutation({
    mutationFn: () => api.post<Note>(path, { kind, text }),
    onSuccess: async () => {
      setText('');
      await onWritten();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    write.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Field label={t('notes.for')} hint={t(`notes.about.${kind}`)}>
        {(ids) => (
          <select {...ids} value={kind} onChange={(e) => setKind(e.target.value as NoteKind)}>
            {kinds.map((one) => (
              <option key={one} value={one}>
                {t(`notes.kind.${one}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Text text={text} onChange={setText} error={write.error} />
      <Failure error={write.error} marked />
      <div>
        <button disabled={write.isPending || text.trim() === ''}>{t('notes.write')}</button>
      </div>
    </form>
  );
}

function Edit({ note, onDone }: { note: Note; onDone(): void }) {
  const { t } = useTranslation();
  const [text, setText] = useState(note.text);
  const save = useMutation({
    mutationFn: () => api.patch<Note>(`/notes/${note.id}`, { text }),
    onSuccess: onDone,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Text text={text} onChange={setText} error={save.error} />
      <Failure error={save.error} marked />
      <button className="primary" disabled={save.isPending}>
        {t('common.save')}
      </button>
    </form>
  );
}
