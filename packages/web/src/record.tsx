import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './i18n/record.ts';
import { RecordPage } from './features/privacy/RecordPage.tsx';

/** A page of the client's side that the conversation does not load. */
export function mount(root: HTMLElement): void {
  const [, , id = ''] = location.pathname.split('/');
  createRoot(root).render(
    <StrictMode>
      <RecordPage sessionId={id} />
    </StrictMode>,
  );
}
