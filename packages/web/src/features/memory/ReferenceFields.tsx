import type { Memory } from '@rapport/protocol/memory';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Field } from '../../lib/ui.tsx';

/** What takes the place of another is a correction, which ends the other; these two leave it as it is. */
const relations = ['supports', 'contradicts'] as const;

/** `id` empty: to none. */
export interface Reference {
  relation: (typeof relations)[number];
  id: string;
}

interface Props {
  path: string;
  reference: Reference;
  onChange(next: Reference): void;
}

/** How a new memory stands to one that holds already. Nothing where none does. */
export function ReferenceFields({ path, reference, onChange }: Props) {
  const { t } = useTranslation();
  const others = useQuery({
    queryKey: [path, 'to-refer-to'],
    queryFn: () => api.get<{ items: Memory[] }>(path, { status: 'approved', limit: 100 }),
  });
  if (!others.data?.items.length) return null;
  return (
    <>
      <Field label={`${t('memory.refersTo')} (${t('common.optional')})`}>
        {(ids) => (
          <select {...ids} value={reference.id} onChange={(e) => onChange({ ...reference, id: e.target.value })}>
            <option value="">{t('common.none')}</option>
            {others.data.items.map(({ id, statement }) => (
              <option key={id} value={id}>
                {statement.slice(0, 120)}
              </option>
            ))}
          </select>
        )}
      </Field>
      {reference.id && (
        <Field label={t('memory.how')}>
          {(ids) => (
            <select
              {...ids}
              value={reference.relation}
              onChange={(e) => onChange({ ...reference, relation: e.target.value as Reference['relation'] })}
            >
              {relations.map((one) => (
                <option key={one} value={one}>
                  {t(`memory.relation.${one}`)}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
    </>
  );
}
