import type { Evaluation, EvaluationCreate, EvaluationQuestion } from '@rapport/protocol/evaluations';
import type { Document } from '@rapport/protocol/knowledge';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Picker } from '../../lib/Picker.tsx';
import { Failure, Field, fieldError } from '../../lib/ui.tsx';
import { documentsPath } from './base.ts';
import { evaluationsKey, evaluationsPath } from './evaluations.ts';

interface Props {
  baseId: string;
  /** Absent for a new one. */
  evaluation?: Evaluation;
  onDone(): void;
}

const mostQuestions = 200;
const mostDocuments = 20;
const emptyQuestion: EvaluationQuestion = { question: '', documentIds: [] };

export function EvaluationForm({ baseId, evaluation, onDone }: Props) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [name, setName] = useState(evaluation?.name ?? '');
  const [questions, setQuestions] = useState<EvaluationQuestion[]>(evaluation?.questions ?? [emptyQuestion]);
  const save = useMutation({
    mutationFn: (body: EvaluationCreate) =>
      evaluation
        ? api.put<Evaluation>(`${evaluationsPath(baseId)}/${evaluation.id}`, { ...body, revision: evaluation.revision })
        : api.post<Evaluation>(evaluationsPath(baseId), body),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: evaluationsKey(baseId) });
      onDone();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!save.isPending) save.mutate({ name, questions });
  };
  const change = (at: number, next: EvaluationQuestion) => setQuestions(questions.with(at, next));
  return (
    <form className="stack" onSubmit={submit}>
      <Field label={t('evaluations.name')} error={fieldError(save.error, '/name')}>
        {(ids) => <input {...ids} required maxLength={200} value={name} onChange={(e) => setName(e.target.value)} />}
      </Field>
      {questions.map((one, at) => (
        <Question
          key={at}
          baseId={baseId}
          number={at + 1}
          value={one}
          onChange={(next) => change(at, next)}
          onRemove={questions.length > 1 ? () => setQuestions(questions.toSpliced(at, 1)) : undefined}
        />
      ))}
      {questions.length < mostQuestions && (
        <button type="button" onClick={() => setQuestions([...questions, emptyQuestion])}>
          {t('evaluations.addQuestion')}
        </button>
      )}
      <Failure error={save.error} />
      <button className="primary" aria-disabled={save.isPending}>
        {t('evaluations.save')}
      </button>
    </form>
  );
}

interface QuestionProps {
  baseId: string;
  number: number;
  value: EvaluationQuestion;
  onChange(next: EvaluationQuestion): void;
  onRemove: (() => void) | undefined;
}

function Question({ baseId, number, value, onChange, onRemove }: QuestionProps) {
  const { t } = useTranslation();
  return (
    <fieldset className="stack">
      <legend>{t('evaluations.question', { number })}</legend>
      <Field label={t('knowledge.question')}>
        {(ids) => (
          <input
            {...ids}
            required
            maxLength={500}
            dir="auto"
            value={value.question}
            onChange={(e) => onChange({ ...value, question: e.target.value })}
          />
        )}
      </Field>
      {[...value.documentIds, null].slice(0, mostDocuments).map((chosen, at) => (
        <Picker<Document>
          key={at}
          label={t(at === 0 ? 'evaluations.expected' : 'evaluations.another')}
          path={documentsPath(baseId)}
          nameOf={(document) => document.title}
          detailOf={(document) => document.folder}
          value={chosen}
          onPick={(id) => {
            const documentIds = id ? value.documentIds.toSpliced(at, 1, id) : value.documentIds.toSpliced(at, 1);
            onChange({ ...value, documentIds: [...new Set(documentIds)] });
          }}
        />
      ))}
      {onRemove && (
        <button type="button" className="quiet" onClick={onRemove}>
          {t('evaluations.removeQuestion')}
        </button>
      )}
    </fieldset>
  );
}
