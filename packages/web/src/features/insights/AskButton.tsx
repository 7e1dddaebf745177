import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { Failure } from '../../lib/ui.tsx';

interface Props {
  label: string;
  path: string;
  body?: object;
}

/** Has a model asked; what it says is then read with the rest of the page. Nothing for who may not. */
export function AskButton({ label, path, body }: Props) {
  const { t } = useTranslation();
  const may = useMay();
  const queries = useQueryClient();
  const ask = useMutation({
    mutationFn: () => api.post(path, body),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['insight'] }),
  });
  if (!may('sessions.supervise')) return null;
  return (
    <>
      <div className="row">
        <button type="button" aria-disabled={ask.isPending} onClick={() => ask.isPending || ask.mutate()}>
          {label}
        </button>
        <span role="status">{ask.isPending && t('insight.asking')}</span>
      </div>
      <Failure error={ask.error} />
    </>
  );
}
