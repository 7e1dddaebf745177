import { useState, type ClipboardEvent, type FormEvent } from 'react';

/** How many characters fit where more were pasted; null where nothing was cut off. */
export function useCut() {
  const [cut, setCut] = useState<number | null>(null);
  const onPaste = (event: ClipboardEvent) => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) || field.maxLength < 0) return;
    const replaced = (field.selectionEnd ?? 0) - (field.selectionStart ?? 0);
    const length = field.value.length - replaced + event.clipboardData.getData('text').length;
    setCut(length > field.maxLength ? field.maxLength : null);
  };
  const onInput = ({ nativeEvent }: FormEvent) => {
    if (!('inputType' in nativeEvent) || nativeEvent.inputType !== 'insertFromPaste') setCut(null);
  };
  return { cut, listeners: { onPaste, onInput } };
}
