import type { Evaluation, EvaluationRun, EvaluationRunDetail } from '@rapport/protocol/evaluations';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../lib/api.ts';
import { basePath } from './base.ts';

const most = 50;

export const evaluationsPath = (baseId: string): string => `${basePath(baseId)}/evaluations`;
export const evaluationsKey = (baseId: string) => ['evaluations', baseId];

export const useEvaluations = (baseId: string) =>
  useQuery({
    queryKey: [...evaluationsKey(baseId), 'list'],
    queryFn: () => api.get<{ items: Evaluation[]; next: string | null }>(evaluationsPath(baseId), { limit: most }),
  });

export const useRuns = (baseId: string, evaluationId: string) =>
  useQuery({
    queryKey: [...evaluationsKey(baseId), evaluationId, 'runs'],
    queryFn: () =>
      api.get<{ items: EvaluationRun[] }>(`${evaluationsPath(baseId)}/${evaluationId}/runs`, { limit: most }),
  });

/** One that has come to its end, with what has changed since the one before. */
export const useRun = (baseId: string, evaluationId: string, run: EvaluationRun | null | undefined) =>
  useQuery({
    queryKey: [...evaluationsKey(baseId), evaluationId, run?.id],
    queryFn: () => api.get<EvaluationRunDetail>(`${evaluationsPath(baseId)}/${evaluationId}/runs/${run?.id}`),
    enabled: run?.state === 'done',
  });

export const percent = (share: number): string => `${Math.round(share * 100)} %`;
