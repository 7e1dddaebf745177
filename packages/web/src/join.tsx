import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './i18n/join.ts';
import { JoinPage } from './features/rooms/JoinPage.tsx';

/** A page of the client's side that the conversation does not load. */
export function mount(root: HTMLElement): void {
  const [, , token = ''] = location.pathname.split('/');
  createRoot(root).render(
    <StrictMode>
      <JoinPage token={decodeURIComponent(token)} />
    </StrictMode>,
  );
}
