import { ApiError } from '@rapport/sdk/api';
import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

/** The sentence to show for anything that was thrown. */
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export const fieldError = (error: unknown, pointer: string): string | undefined =>
  error instanceof ApiError ? error.field(pointer) : undefined;

interface FieldProps {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  /** Gets the ids that tie the control to its label and texts. */
  children(ids: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: true }): ReactNode;
}

export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ');
  return (
    <div className="field">
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
      {error && (
        <span className="error" id={`${id}-error`}>
          {error}
        </span>
      )}
    </div>
  );
}

export function Failure({ error }: { error: unknown }) {
  if (!error) return null;
  return (
    <p className="note bad" role="alert">
      {reasonOf(error)}
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

export function NotFound() {
  const { t } = useTranslation();
  return (
    <main className="page narrow" id="content">
      <h1>{t('common.notFound')}</h1>
      <p>
        <a href="/">{t('common.home')}</a>
      </p>
    </main>
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
  return (
    <dialog ref={ref} aria-labelledby={id} onClose={onClose}>
      {open && (
        <div className="stack">
          <div className="row">
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

interface ConfirmProps {
  open: boolean;
  title: string;
  text: string;
  action: string;
  onConfirm(): void;
  onClose(): void;
}

export function Confirm({ open, title, text, action, onConfirm, onClose }: ConfirmProps) {
  const { t } = useTranslation();
  return (
    <Dialog open={open} title={title} onClose={onClose}>
      <p>{text}</p>
      <div className="row">
        <button
          type="button"
          className="danger"
          onClick={() => {
            onConfirm();
            onClose();
          }}
        >
          {action}
        </button>
        <button type="button" onClick={onClose}>
          {t('common.cancel')}
        </button>
      </div>
    </Dialog>
  );
}

export function CopyButton({ text, className = 'quiet', label }: { text: string; className?: string; label?: string }) {
  const { t } = useTranslation();
  const [done, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setDone(true);
    setTimeout(() => setDone(false), 2000);
  };
  return (
    <button type="button" className={className} onClick={() => void copy()}>
      <span aria-live="polite">{done ? t('common.copied') : (label ?? t('common.copy'))}</span>
    </button>
  );
}

const dates = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const times = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
export const formatDate = (at: string): string => dates.format(new Date(at));
export const formatTime = (at: string): string => times.format(new Date(at));

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Rapport`;
  }, [title]);
}
