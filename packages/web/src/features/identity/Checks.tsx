import { useId } from 'react';

export interface Choice {
  id: string;
  name: string;
  hint?: string;
  /** Why it cannot be changed; then it stands as it is. */
  fixed?: boolean;
}

interface Props {
  legend: string;
  choices: Choice[];
  chosen: readonly string[];
  error?: string | undefined;
  onChange(chosen: string[]): void;
}

/** Any number of a few things. */
export function Checks({ legend, choices, chosen, error, onChange }: Props) {
  const id = useId();
  const toggle = (choice: string, on: boolean) =>
    onChange(on ? [...chosen, choice] : chosen.filter((other) => other !== choice));
  return (
    <fieldset className="stack" aria-describedby={error ? `${id}-error` : undefined}>
      <legend>{legend}</legend>
      {choices.map((choice) => (
        <label key={choice.id} className="check">
          <input
            type="checkbox"
            disabled={choice.fixed}
            checked={chosen.includes(choice.id)}
            onChange={(e) => toggle(choice.id, e.target.checked)}
          />
          <span>
            {choice.name}
            {choice.hint && (
              <>
                <br />
                <span className="soft small">{choice.hint}</span>
              </>
            )}
          </span>
        </label>
      ))}
      {error && (
        <span className="error" id={`${id}-error`}>
          {error}
        </span>
      )}
    </fieldset>
  );
}
