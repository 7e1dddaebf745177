import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useEffect, useId, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from './api.ts';
import { formatDate, Field } from './ui.tsx';
import { usePages } from './usePages.ts';

interface Thing {
  id: string;
  createdAt: string;
}

interface PickerProps<T extends Thing> {
  label: string;
  /** A list of the API that takes `q`. */
  path: string;
  query?: Record<string, string>;
  /** The list has no address for one thing: what is chosen is looked for page by page. */
  inPages?: boolean;
  /** A search that costs the server much waits for so many milliseconds without typing. */
  pauseMs?: number;
  nameOf(item: T): string;
  /** What tells two things of one name apart, beside when they were made. */
  detailOf?(item: T): string;
  value: string | null;
  onPick(id: string | null): void;
  /** What having chosen nothing means; absent where something must be chosen. */
  none?: string;
  error?: string | undefined;
}

/** The chosen thing, from the list or from its own address; null once it is known that there is none. */
function useChosen<T extends Thing>(
  { path, value, inPages = false }: PickerProps<T>,
  list: ReturnType<typeof usePages<T>>,
): T | null | undefined {
  const [last, setLast] = useState<T>();
  const listed = list.items.find((item) => item.id === value) ?? (last?.id === value ? last : undefined);
  const one = useQuery({
    queryKey: ['one', path, value],
    queryFn: () => api.get<T>(`${path}/${value}`),
    enabled: value !== null && !listed && !inPages,
  });
  const { hasNextPage, isFetching, fetchNextPage } = list;
  const seek = inPages && value !== null && !listed && hasNextPage && !isFetching;
  useEffect(() => {
    if (seek) void fetchNextPage();
  }, [seek, fetchNextPage]);
  useEffect(() => {
    if (listed) setLast(listed);
  }, [listed]);
  if (value === null) return null;
  const missing = inPages ? list.isSuccess && !hasNextPage : one.isError;
  return listed ?? one.data ?? (missing ? null : undefined);
}

function useTyped(text: string, pauseMs: number): string {
  const [typed, setTyped] = useState(text);
  useEffect(() => {
    const timer = pauseMs > 0 ? setTimeout(() => setTyped(text), pauseMs) : undefined;
    return () => clearTimeout(timer);
  }, [text, pauseMs]);
  return pauseMs > 0 ? typed : text;
}

/** Chooses one of a list of any length: what is typed is searched for, and what was found stands below to choose from. */
export function Picker<T extends Thing>(props: PickerProps<T>) {
  const { label, path, query, nameOf, detailOf, value, onPick, none, pauseMs = 0 } = props;
  const { t } = useTranslation();
  // null: nothing is being typed, and the field says what is chosen.
  const [text, setText] = useState<string | null>(null);
  const [open, setOpen] = useState(false);
  const wanted = text?.trim() ?? '';
  const q = useDeferredValue(useTyped(wanted, pauseMs));
  const list = usePages<T>(path, { ...query, q: q || undefined });
  const chosen = useChosen(props, list);
  const detail = (item: T) =>
    [detailOf?.(item), t('common.made', { date: formatDate(item.createdAt) })].filter(Boolean).join(' · ');

  const pick = (id: string | null) => {
    setText(null);
    setOpen(false);
    if (id !== value) onPick(id);
  };
  const type = (next: string) => {
    setText(next);
    setOpen(true);
    // What is no longer named is no longer chosen.
    if (value !== null) onPick(null);
  };
  // A name typed to its end chooses, where it is the name of only one.
  const settled = wanted !== '' && q === wanted && list.isSuccess && !list.isPlaceholderData && !list.hasNextPage;
  const named = settled ? list.items.filter((item) => nameOf(item) === wanted) : [];
  const only = named.length === 1 && list.items.length === 1 ? named[0] : undefined;
  const leave = () => {
    setOpen(false);
    const same = named[0];
    if (named.length === 1 && same) pick(same.id);
    else if (wanted === '') setText(null);
  };
  useEffect(() => {
    if (only) pick(only.id);
  }, [only]);

  const problem = () => {
    if (list.error) return list.error.message;
    if (value !== null && chosen === null) return t('common.gone');
    if (wanted === '') return props.error;
    if (settled && list.items.length === 0) return t('common.noMatch');
    return open ? undefined : t('common.notChosen');
  };
  return (
    <Field label={label} hint={chosen && text === null ? detail(chosen) : undefined} error={problem()}>
      {(ids) => (
        <Combobox
          ids={ids}
          label={label}
          text={text ?? (chosen ? nameOf(chosen) : '')}
          none={none}
          // Nothing is offered for what the list does not answer yet.
          options={list.items.map((item) => ({ id: item.id, name: nameOf(item), detail: detail(item) }))}
          more={list.hasNextPage}
          open={open}
          value={value}
          onOpen={() => setOpen(true)}
          onClose={leave}
          onType={type}
          onPick={pick}
        />
      )}
    </Field>
  );
}

interface Option {
  id: string | null;
  name: string;
  detail: string;
}

interface ComboboxProps {
  ids: { id: string };
  label: string;
  text: string;
  none: string | undefined;
  options: Option[];
  more: boolean;
  open: boolean;
  value: string | null;
  onOpen(): void;
  onClose(): void;
  onType(text: string): void;
  onPick(id: string | null): void;
}

/** The keys of a list below a field: arrows move, Enter chooses, Escape closes. */
function useKeys({ open, onOpen, onClose, onPick }: ComboboxProps, options: Option[]) {
  const [at, setAt] = useState(-1);
  const active = open && at < options.length ? at : -1;
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      onOpen();
      setAt(Math.min(Math.max(active + step, 0), options.length - 1));
      return;
    }
    if (!open) return;
    const option = options[active];
    if (event.key === 'Enter') {
      // Half a name is not what the form was to be sent with.
      event.preventDefault();
      if (option) onPick(option.id);
      else onClose();
    } else if (event.key === 'Escape') {
      event.preventDefault();
      onClose();
    } else if (event.key !== 'Shift') setAt(-1);
  };
  return { active, onKeyDown };
}

function Combobox(props: ComboboxProps) {
  const { ids, label, text, none, more, open, value, onOpen, onClose, onType, onPick } = props;
  const { t } = useTranslation();
  const listId = useId();
  const box = useRef<HTMLUListElement>(null);
  const options: Option[] =
    none !== undefined && text === '' ? [{ id: null, name: none, detail: '' }, ...props.options] : props.options;
  const { active, onKeyDown } = useKeys(props, options);
  useEffect(() => {
    // It answers with a promise, which is no way of cleaning up.
    void box.current?.children[active]?.scrollIntoView({ block: 'nearest' });
  }, [active]);
  const shown = open && options.length > 0;
  return (
    <div className="picker">
      <input
        {...ids}
        role="combobox"
        aria-autocomplete="list"
        aria-expanded={shown}
        aria-controls={shown ? listId : undefined}
        aria-activedescendant={active >= 0 ? `${listId}-${active}` : undefined}
        autoComplete="off"
        spellCheck={false}
        dir="auto"
        placeholder={none ?? t('common.choose')}
        value={text}
        onChange={(e) => onType(e.target.value)}
        onClick={onOpen}
        onKeyDown={onKeyDown}
        onBlur={onClose}
      />
      {shown && (
        // The field keeps the focus: what is pressed here is only chosen.
        <div className="choices" onMouseDown={(e) => e.preventDefault()}>
          <ul role="listbox" id={listId} ref={box} aria-label={t('common.choices', { label })}>
            {options.map((option, index) => (
              <li
                key={option.id}
                id={`${listId}-${index}`}
                role="option"
                aria-selected={option.id === value}
                className={index === active ? 'active' : ''}
                onClick={() => onPick(option.id)}
              >
                <bdi>{option.name}</bdi>
                {option.detail && (
                  <>
                    <br />
                    <span className="soft small">{option.detail}</span>
                  </>
                )}
              </li>
            ))}
          </ul>
          {more && <p className="soft small">{t('common.typeMore')}</p>}
        </div>
      )}
    </div>
  );
}
