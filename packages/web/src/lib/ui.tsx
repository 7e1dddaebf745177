import { ApiError } from '@rapport/sdk/api';
import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { copyText } from './copyText.ts';
import { useCut } from './useCut.ts';
import { inWords, reasonOf } from './problems.ts';

export const fieldError = (error: unknown, pointer: string): string | undefined => {
  const said = error instanceof ApiError ? error.field(pointer) : undefined;
  return said === undefined ? undefined : inWords(said);
};

/** What was asked for is not there, or not for whoever asks. */
export const isMissing = (error: unknown): boolean => error instanceof ApiError && error.status === 404;

interface FieldProps {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  /** Gets the ids that tie the control to its label and texts. */
  children(ids: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: true }): ReactNode;
}

export function Field({ label, hint, error, children }: FieldProps) {
  const { t } = useTranslation();
  const { cut, listeners } = useCut();
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ');
  return (
    <div className="field" {...listeners}>
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        ...(described ? { 'aria-describedby': described } : {}),
        ...(error ? { 'aria-invalid': true as const } : {}),
      })}
      {hint && (
        <span className="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
      {cut !== null && (
        <span className="error" role="alert">
          {t('common.cut', { count: cut })}
        </span>
      )}
      {error && (
        <span className="error" id={`${id}-error`}>
          {error}
        </span>
      )}
    </div>
  );
}

/** `marked`: the fields at fault say so themselves. */
export function Failure({ error, marked = false }: { error: unknown; marked?: boolean }) {
  if (!error) return null;
  return (
    <p className="note bad" role="alert">
      {reasonOf(error, marked)}
    </p>
  );
}

export function Loading() {
  const { t } = useTranslation();
  return (
    <p className="soft" role="status">
      {t('app.loading')}
    </p>
  );
}

interface DialogProps {
  open: boolean;
  title: string;
  onClose(): void;
  children: ReactNode;
}

export function Dialog({ open, title, onClose, children }: DialogProps) {
  const { t } = useTranslation();
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    if (open) ref.current?.showModal();
    else ref.current?.close();
  }, [open]);
  // The browser tells of a closing a moment later, when the same dialog may already be open for something else.
  const closed = () => {
    if (!ref.current?.open) onClose();
  };
  return (
    <dialog ref={ref} aria-labelledby={id} onClose={closed}>
      {open && (
        <div className="stack">
          <div className="row dialog-head">
            <h2 id={id} className="grow">
              {title}
            </h2>
            <button type="button" className="quiet" onClick={onClose}>
              {t('common.close')}
            </button>
          </div>
          {children}
        </div>
      )}
    </dialog>
  );
}

export function CopyButton({ text, className = 'quiet', label }: { text: string; className?: string; label?: string }) {
  const { t } = useTranslation();
  const [said, setSaid] = useState<string | null>(null);
  const ref = useRef<HTMLButtonElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async () => {
    const done = await copyText(text, ref.current);
    setSaid(done ? t('common.copied') : t('common.notCopied'));
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setSaid(null), done ? 2000 : 6000);
  };
  return (
    <button type="button" ref={ref} className={className} onClick={() => void copy()}>
      <span aria-live="polite">{said ?? label ?? t('common.copy')}</span>
    </button>
  );
}

const dates = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const times = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
export const formatDate = (at: string): string => dates.format(new Date(at));
export const formatTime = (at: string): string => times.format(new Date(at));

/** A name inside a sentence: its direction changes nothing of the words around it. */
export const isolated = (name: string): string => `\u2068${name}\u2069`;

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Rapport`;
  }, [title]);
}
