import type { KnowledgeBaseDetail } from '@rapport/protocol/knowledge';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, Field, fieldError } from '../../lib/ui.tsx';
import { documentsPath, refreshBase } from './base.ts';

interface Props {
  base: KnowledgeBaseDetail;
  folder: string;
  onDone(): void;
}

function useAdd({ base, folder, onDone }: Props) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: { title?: string; text?: string; url?: string }) =>
      api.post(documentsPath(base.id), { ...body, folder }),
    onSuccess: async () => {
      onDone();
      await refreshBase(queries, base.id);
    },
  });
}

interface FormProps {
  add: ReturnType<typeof useAdd>;
  onSubmit(): void;
  children: ReactNode;
}

function Form({ add, onSubmit, children }: FormProps) {
  const { t } = useTranslation();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form className="stack" onSubmit={submit}>
      {children}
      <Failure error={add.error} marked />
      <button className="primary" disabled={add.isPending}>
        {t('common.add')}
      </button>
    </form>
  );
}

export function AddText(props: Props) {
  const { t } = useTranslation();
  const [title, setTitle] = useState('');
  const [text, setText] = useState('');
  const add = useAdd(props);
  return (
    <Form add={add} onSubmit={() => add.mutate({ title, text })}>
      <Field label={t('knowledge.docTitle')} error={fieldError(add.error, '/title')}>
        {(ids) => (
          <input
            {...ids}
            required
            maxLength={300}
            dir="auto"
            value={title}
            onChange={(e) => setTitle(e.target.value)}
          />
        )}
      </Field>
      <Field label={t('knowledge.text')} error={fieldError(add.error, '/text')}>
        {(ids) => (
          <textarea
            {...ids}
            required
            rows={10}
            maxLength={500_000}
            dir="auto"
            value={text}
            onChange={(e) => setText(e.target.value)}
          />
        )}
      </Field>
    </Form>
  );
}

export function AddAddress(props: Props) {
  const { t } = useTranslation();
  const [url, setUrl] = useState('');
  const add = useAdd(props);
  return (
    <Form add={add} onSubmit={() => add.mutate({ url: url.trim() })}>
      <Field label={t('knowledge.address')} hint={t('knowledge.addressHint')} error={fieldError(add.error, '/url')}>
        {(ids) => (
          <input
            {...ids}
            required
            type="url"
            inputMode="url"
            maxLength={2000}
            placeholder="https://"
            value={url}
            onChange={(e) => setUrl(e.target.value)}
          />
        )}
      </Field>
    </Form>
  );
}
