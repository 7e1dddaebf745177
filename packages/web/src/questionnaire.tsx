import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import './i18n/questionnaire.ts';
import { QuestionnairePage } from './features/rooms/QuestionnairePage.tsx';

/** A page of the client's side that the conversation does not load. */
export function mount(root: HTMLElement): void {
  const [, , sessionId = '', id = ''] = location.pathname.split('/');
  createRoot(root).render(
    <StrictMode>
      <QuestionnairePage sessionId={sessionId} id={id} />
    </StrictMode>,
  );
}
