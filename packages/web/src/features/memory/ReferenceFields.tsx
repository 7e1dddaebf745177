import type { Document, KnowledgeBase } from '@rapport/protocol/knowledge';
import type { Memory, MemoryReference } from '@rapport/protocol/memory';
import type { SaidMessage } from '@rapport/protocol/sessions';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { Picker } from '../../lib/Picker.tsx';
import { Field } from '../../lib/ui.tsx';

type Kind = MemoryReference['kind'];
type Relation = MemoryReference['relation'];

/** To what of which kind; `id` empty: nothing is chosen yet. */
export interface Reference {
  kind: Kind;
  relation: Relation;
  id: string;
}

/** What takes the place of another memory is a correction, which ends the other; these two leave it as it is. */
const ofMemory: readonly Relation[] = ['supports', 'contradicts'];
const ofOthers: readonly Relation[] = ['supports', 'contradicts', 'supersedes'];
const relationsOf = (kind: Kind) => (kind === 'memory' ? ofMemory : ofOthers);

interface Props {
  path: string;
  /** Whose messages there are; null: of a persona, which quotes nobody. */
  clientId: string | null;
  reference: Reference | null;
  onChange(next: Reference | null): void;
  error?: string | undefined;
}

/** How a new memory stands to what there is already: another memory, what was said, or reference material. */
export function ReferenceFields({ path, clientId, reference, onChange, error }: Props) {
  const { t } = useTranslation();
  const may = useMay();
  const others = useQuery({
    queryKey: [path, 'to-refer-to'],
    queryFn: () => api.get<{ items: Memory[] }>(path, { status: 'approved', limit: 100 }),
  });
  const memories = others.data?.items ?? [];
  const kinds: Kind[] = [
    ...(memories.length > 0 ? (['memory'] as const) : []),
    ...(clientId && may('sessions.follow') ? (['message'] as const) : []),
    ...(may('knowledge.read') ? (['document'] as const) : []),
  ];
  if (kinds.length === 0) return null;
  const pick = (id: string | null) => reference && onChange({ ...reference, id: id ?? '' });
  return (
    <>
      <Field label={`${t('memory.refersTo')} (${t('common.optional')})`}>
        {(ids) => (
          <select
            {...ids}
            value={reference?.kind ?? ''}
            onChange={(e) => {
              const kind = kinds.find((one) => one === e.target.value);
              onChange(kind ? { kind, relation: 'supports', id: '' } : null);
            }}
          >
            <option value="">{t('common.none')}</option>
            {kinds.map((kind) => (
              <option key={kind} value={kind}>
                {t(`memory.referTo.${kind}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
      {reference?.kind === 'memory' && (
        <Field label={t('memory.referTo.memory')} error={error}>
          {(ids) => (
            <select {...ids} required value={reference.id} onChange={(e) => pick(e.target.value)}>
              <option value="">{t('memory.chooseOne')}</option>
              {memories.map(({ id, statement }) => (
                <option key={id} value={id}>
                  {statement.slice(0, 120)}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      {reference?.kind === 'message' && clientId && (
        <MessagePicker clientId={clientId} value={reference.id} onPick={pick} error={error} />
      )}
      {reference?.kind === 'document' && <DocumentPicker value={reference.id} onPick={pick} error={error} />}
      {reference?.id && (
        <Field label={t('memory.how')}>
          {(ids) => (
            <select
              {...ids}
              value={reference.relation}
              onChange={(e) => onChange({ ...reference, relation: e.target.value as Relation })}
            >
              {relationsOf(reference.kind).map((one) => (
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

interface PickProps {
  value: string;
  onPick(id: string | null): void;
  error: string | undefined;
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').slice(0, 160);

function MessagePicker({ clientId, value, onPick, error }: PickProps & { clientId: string }) {
  const { t } = useTranslation();
  return (
    <Picker<SaidMessage>
      label={t('memory.referTo.message')}
      path={`/clients/${clientId}/messages`}
      inPages
      pauseMs={300}
      nameOf={({ text }) => oneLine(text)}
      detailOf={({ author, sessionTitle }) => `${t(`memory.author.${author}`)} · ${sessionTitle}`}
      value={value || null}
      onPick={onPick}
      error={error}
    />
  );
}

/** The knowledge base first: documents are found in one. */
function DocumentPicker({ value, onPick, error }: PickProps) {
  const { t } = useTranslation();
  const [baseId, setBaseId] = useState<string | null>(null);
  return (
    <>
      <Picker<KnowledgeBase>
        label={t('memory.inBase')}
        path="/knowledge-bases"
        nameOf={({ name }) => name}
        value={baseId}
        onPick={(id) => {
          setBaseId(id);
          onPick(null);
        }}
        error={baseId ? undefined : error}
      />
      {baseId && (
        <Picker<Document>
          key={baseId}
          label={t('memory.referTo.document')}
          path={`/knowledge-bases/${baseId}/documents`}
          nameOf={({ title }) => title}
          detailOf={({ folder }) => folder}
          value={value || null}
          onPick={onPick}
          error={error}
        />
      )}
    </>
  );
}
