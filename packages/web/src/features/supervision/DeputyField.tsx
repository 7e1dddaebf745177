import type { DeputyShown } from '@rapport/protocol/supervision';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure } from '../../lib/ui.tsx';
import { Colleague } from './Colleague.tsx';

/** Who decides on what one has taken on, while one is away. */
export function DeputyField() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const shown = useQuery({ queryKey: ['deputy'], queryFn: () => api.get<DeputyShown>('/deputy') });
  const set = useMutation({
    mutationFn: (userId: string | null) => api.put<DeputyShown>('/deputy', { userId }),
    onSuccess: (next) => queries.setQueryData(['deputy'], next),
  });
  if (!shown.data) return <Failure error={shown.error} />;
  return (
    <section className="deputy">
      <Colleague
        label={t('review.deputy')}
        hint={t('review.deputyHint')}
        value={shown.data.deputy?.id ?? ''}
        onChange={(id) => set.mutate(id || null)}
      />
      <Failure error={set.error} />
      {set.isSuccess && <p role="status">{t('common.saved')}</p>}
    </section>
  );
}
