import { useDeferredValue, useEffect, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { formatDate, Field } from './ui.tsx';
import { usePages } from './usePages.ts';

interface Thing {
  id: string;
  createdAt: string;
}

interface Props<T extends Thing> {
  label: string;
  /** A list of the API that takes `q`. */
  path: string;
  query?: Record<string, string>;
  nameOf(item: T): string;
  onPick(id: string | null): void;
}

/** Two things of one name are told apart by when they were made. */
function named<T extends Thing>(items: T[], nameOf: (item: T) => string): { id: string; name: string }[] {
  const names = items.map(nameOf);
  return items.map((item, index) => {
    const name = names[index] ?? '';
    return {
      id: item.id,
      name: names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} (${formatDate(item.createdAt)})`,
    };
  });
}

/** Chooses one of a list of any length: what is typed is searched for, and the browser offers what was found. */
export function Picker<T extends Thing>({ label, path, query, nameOf, onPick }: Props<T>) {
  const { t } = useTranslation();
  const listId = useId();
  const [text, setText] = useState('');
  const [picked, setPicked] = useState<string | null>(null);
  const q = useDeferredValue(picked ? '' : text.trim());
  const list = usePages<T>(path, { ...query, q: q || undefined });
  const options = named(list.items, nameOf);
  const idOf = (name: string) => options.find((option) => option.name === name)?.id ?? null;
  const pick = (id: string | null) => {
    setPicked(id);
    if (id !== picked) onPick(id);
  };
  const change = (next: string) => {
    setText(next);
    pick(idOf(next));
  };
  // A name may be typed to its end before the list with it arrives.
  const late = picked ? null : idOf(text);
  useEffect(() => {
    if (late) pick(late);
  }, [late]);
  const nothing = text !== '' && !picked && list.isSuccess && options.length === 0;
  return (
    <Field label={label} error={nothing ? t('common.noMatch') : undefined}>
      {(ids) => (
        <>
          <input
            {...ids}
            type="search"
            list={listId}
            autoComplete="off"
            placeholder={t('common.any')}
            value={text}
            onChange={(e) => change(e.target.value)}
          />
          <datalist id={listId}>
            {options.map((option) => (
              <option key={option.id} value={option.name} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}
