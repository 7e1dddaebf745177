import { useId, useState, type FormEvent, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useCut } from '../../lib/useCut.ts';

interface Props {
  label: string;
  disabled?: boolean;
  onSend(text: string): void;
  /** The text so far, at every change. */
  onType?: ((text: string) => void) | undefined;
}

const longest = 32_000;

/** Enter sends, Shift+Enter begins a new line; while a word is being composed Enter belongs to the keyboard. */
export function Composer({ label, disabled = false, onSend, onType }: Props) {
  const { t } = useTranslation();
  const id = useId();
  const { cut, listeners } = useCut();
  const [text, setText] = useState('');
  const change = (next: string) => {
    setText(next);
    onType?.(next);
  };
  const send = () => {
    if (text.trim() === '' || disabled) return;
    onSend(text.trim());
    setText('');
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send();
  };
  return (
    <form className="composer" onSubmit={submit}>
      <div className="grow" {...listeners}>
        <label className="small soft" htmlFor={id}>
          {label}
        </label>
        <textarea
          id={id}
          dir="auto"
          rows={2}
          maxLength={longest}
          disabled={disabled}
          value={text}
          onChange={(e) => change(e.target.value)}
          onKeyDown={onKeyDown}
        />
        {cut !== null && (
          <span className="small ended" role="alert">
            {t('common.cut', { count: cut })}
          </span>
        )}
      </div>
      <button className="primary" disabled={disabled || text.trim() === ''}>
        {t('room.send')}
      </button>
    </form>
  );
}
