import { Field } from '../../lib/ui.tsx';
import { pathOf, useThreadFolders } from './threadFolders.ts';

interface Props {
  label: string;
  /** What having chosen none means. */
  none: string;
  value: string | null;
  /** Not to be chosen, nor what lies in it. */
  without?: string | undefined;
  error: string | undefined;
  onChange(folderId: string | null): void;
}

/** One folder of the tree, each with the way to it. */
export function FolderField({ label, none, value, without, error, onChange }: Props) {
  const { tree } = useThreadFolders();
  const ways = tree.map(({ id }) => ({ id, way: pathOf(tree, id) }));
  return (
    <Field label={label} error={error}>
      {(ids) => (
        <select {...ids} value={value ?? ''} onChange={(e) => onChange(e.target.value || null)}>
          <option value="">{none}</option>
          {ways
            .filter(({ way }) => way.every(({ id }) => id !== without))
            .map(({ id, way }) => (
              <option key={id} value={id}>
                {way.map(({ name }) => name).join(' / ')}
              </option>
            ))}
        </select>
      )}
    </Field>
  );
}
