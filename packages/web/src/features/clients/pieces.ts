import { fieldError } from '../../lib/ui.tsx';

export const pieces = (text: string, by: string): string[] =>
  text
    .split(by)
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '');

/** A refusal of one of many: what the server says of the third tag stands at the tags. */
export const errorOfMany = (error: unknown, path: string, count: number): string | undefined =>
  [path, ...Array.from({ length: count }, (_, at) => `${path}/${at}`)]
    .map((pointer) => fieldError(error, pointer))
    .find((said) => said !== undefined);
