import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './i18n/index.ts';
import { ChatPage } from './features/rooms/ChatPage.tsx';

export function mount(root: HTMLElement): void {
  const [, , id = ''] = location.pathname.split('/');
  createRoot(root).render(
    <StrictMode>
      <ChatPage sessionId={id} />
    </StrictMode>,
  );
}
