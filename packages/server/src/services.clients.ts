import { createAssignmentService } from './slices/clients/assignments.service.ts';
import { createGoalService } from './slices/clients/goals.service.ts';
import { createNoteService } from './slices/clients/notes.service.ts';
import { createQuestionnaireService } from './slices/clients/questionnaires.service.ts';
import { createClientService } from './slices/clients/service.ts';
import { createThreadFolderService } from './slices/clients/threadFolders.service.ts';
import { createThreadService } from './slices/clients/threads.service.ts';

type Parts = Parameters<typeof createClientService>[0] &
  Omit<Parameters<typeof createAssignmentService>[0], 'clients'> &
  Omit<Parameters<typeof createQuestionnaireService>[0], 'clients'> &
  Omit<Parameters<typeof createNoteService>[0], 'clients'>;

/** Who the clients are, who looks after them, and what is kept of them. */
export function createClientServices(platform: Parts) {
  const clients = createClientService(platform);
  const parts = { ...platform, clients };
  const goals = createGoalService(parts);
  return {
    clients,
    assignments: createAssignmentService(parts),
    goals,
    threads: createThreadService({ ...parts, goals }),
    threadFolders: createThreadFolderService(parts),
    notes: createNoteService(parts),
    questionnaires: createQuestionnaireService(parts),
  };
}
