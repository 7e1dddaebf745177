/** Whether `text` is on the clipboard now. `near` is what was pressed: a modal dialog lets nothing outside of it be selected. */
export async function copyText(text: string, near: HTMLElement | null): Promise<boolean> {
  try {
    // Browsers have it only over https and on the machine itself.
    if ('clipboard' in navigator) {
      await navigator.clipboard.writeText(text);
      return true;
    }
  } catch {
    // Not allowed here; the older way may be.
  }
  const field = document.createElement('textarea');
  field.value = text;
  field.readOnly = true;
  field.className = 'visually-hidden';
  (near?.parentElement ?? document.body).append(field);
  field.select();
  try {
    // The only way over plain http, as in a network without certificates.
    return document.execCommand('copy');
  } catch {
    return false;
  } finally {
    field.remove();
    near?.focus();
  }
}
