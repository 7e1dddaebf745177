import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './i18n/index.ts';
import { ChatPage } from './features/rooms/ChatPage.tsx';
import { JoinPage } from './features/rooms/JoinPage.tsx';

export function mount(root: HTMLElement): void {
  const [, kind, id = ''] = location.pathname.split('/');
  const page = kind === 'join' ? <JoinPage token={decodeURIComponent(id)} /> : <ChatPage sessionId={id} />;
  createRoot(root).render(<StrictMode>{page}</StrictMode>);
}
