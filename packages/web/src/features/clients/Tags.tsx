import { useTranslation } from 'react-i18next';

interface Props {
  tags: readonly string[];
  /** Shows those who have this tag. */
  onPick?(tag: string): void;
}

export function Tags({ tags, onPick }: Props) {
  const { t } = useTranslation();
  if (tags.length === 0) return null;
  return (
    <ul className="chips" aria-label={t('knowledge.tags')}>
      {tags.map((tag) => (
        <li key={tag}>
          {onPick ? (
            <button type="button" className="button small" onClick={() => onPick(tag)}>
              <bdi>{tag}</bdi>
            </button>
          ) : (
            <span className="badge tag">
              <bdi>{tag}</bdi>
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
