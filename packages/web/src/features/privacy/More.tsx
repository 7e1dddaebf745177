import { useTranslation } from 'react-i18next';

interface List {
  hasNextPage: boolean;
  fetchNextPage(): Promise<unknown>;
}

export function More({ list }: { list: List }) {
  const { t } = useTranslation();
  if (!list.hasNextPage) return null;
  return (
    <button type="button" onClick={() => void list.fetchNextPage()}>
      {t('common.more')}
    </button>
  );
}
