import type { Config } from './config/config.ts';
import type { Audit } from './platform/audit/audit.ts';
import type { Database } from './platform/db/db.ts';
import type { Logger } from './platform/logger.ts';
import type { Mail } from './platform/mail/mail.ts';
import type { createClientServices } from './services.clients.ts';
import type { MemberService } from './slices/identity/members.service.ts';
import type { SessionAccess } from './slices/sessions/access.ts';
import type { ConversationService } from './slices/sessions/conversation.service.ts';
import { createSessionNoteService } from './slices/sessions/notes.service.ts';
import { createPlanClock } from './slices/sessions/plan.clock.ts';
import { createPlanService } from './slices/sessions/plan.service.ts';
import { createSessionQuestionnaireService } from './slices/sessions/questionnaires.service.ts';
import { createSaidService } from './slices/sessions/said.service.ts';
import type { SessionSafety } from './slices/sessions/safety.ts';
import type { SessionService } from './slices/sessions/service.ts';
import type { EscalationService } from './slices/supervision/escalations.service.ts';

interface House {
  audit: Audit;
  config: Config;
  db: Database;
  log: Logger;
  mail: Mail;
}

/** What goes on in sessions beside the conversation. */
export function createBesides(
  { db, audit, mail, log, config }: House,
  parts: ReturnType<typeof createClientServices> & {
    access: SessionAccess;
    safety: SessionSafety;
    conversations: ConversationService;
    sessions: SessionService;
    members: MemberService;
    escalations: EscalationService;
  },
) {
  const { access, sessions } = parts;
  return {
    sessionQuestionnaires: createSessionQuestionnaireService({ db, audit, ...parts }),
    sessionNotes: createSessionNoteService(parts),
    said: createSaidService({ db, audit, ...parts }),
    plans: createPlanService({ db, log, audit, mail, publicUrl: config.publicUrl, ...parts }),
    planClock: createPlanClock({ db, log, access, close: sessions.close }),
  };
}
