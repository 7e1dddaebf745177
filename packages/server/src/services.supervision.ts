import type { Config } from './config/config.ts';
import type { Audit } from './platform/audit/audit.ts';
import type { Clock } from './platform/clock.ts';
import type { Database } from './platform/db/db.ts';
import type { Logger } from './platform/logger.ts';
import type { Mail } from './platform/mail/mail.ts';
import type { MemberService } from './slices/identity/members.service.ts';
import type { GenerationService } from './slices/inference/generations.service.ts';
import type { ProviderService } from './slices/inference/providers.service.ts';
import type { SessionAccess } from './slices/sessions/access.ts';
import type { PackService } from './slices/supervision/packs.service.ts';
import { createAddressees } from './slices/supervision/addressees.ts';
import { createClaimService } from './slices/supervision/claims.service.ts';
import { createDeputyService } from './slices/supervision/deputies.service.ts';
import { createPolicyService } from './slices/supervision/policies.service.ts';
import { createReviewAccess } from './slices/supervision/reviews.access.ts';
import { createFigureService } from './slices/supervision/figures.service.ts';
import { createReviewClock } from './slices/supervision/reviews.clock.ts';
import { createReviewPager } from './slices/supervision/reviews.pages.ts';
import { createReviewService } from './slices/supervision/reviews.service.ts';
import { createEscalationClock } from './slices/supervision/escalations.clock.ts';
import { createEscalationService } from './slices/supervision/escalations.service.ts';
import { createSecondOpinion } from './slices/supervision/risk/opinion.ts';
import { createSafetyService } from './slices/supervision/safety.service.ts';
import { createReminders } from './slices/sessions/reminders.ts';
import { createSessionSafety } from './slices/sessions/safety.ts';
import { messageText } from './slices/sessions/messages.store.ts';

interface House {
  audit: Audit;
  clock: Clock;
  db: Database;
  config: Config;
  log: Logger;
  mail: Mail;
}

/** Drafts that people decide on, and what happens to them when nobody does. */
export function createSupervision(
  { audit, clock, db, config, log, mail }: House,
  parts: {
    generations: GenerationService;
    access: SessionAccess;
    members: MemberService;
    providers: ProviderService;
    packs: PackService;
  },
) {
  const { append, tell } = parts.access;
  const { packs } = parts;
  const policies = createPolicyService({ db, audit, packs, append });
  const access = createReviewAccess({
    db,
    audit,
    draftOf: parts.generations.draftOf,
    messageText: (orgId, id) => messageText(db.in(orgId), orgId, id),
  });
  const reviews = createReviewService({ db, audit, policies, access, append });
  const { members, providers } = parts;
  const addressees = createAddressees({ db, members });
  const page = createReviewPager({ log, mail, publicUrl: config.publicUrl, addressees });
  const reviewClock = createReviewClock({ db, log, reviews, policies, append, page });
  const claims = createClaimService({ access, audit, append });
  const safety = createSafetyService({ db, audit, packs, append });
  const escalationClock = createEscalationClock({
    db,
    log,
    mail,
    publicUrl: config.publicUrl,
    safety,
    tell,
    addressees,
  });
  const escalations = createEscalationService({ db, audit, safety, tell, onRaised: escalationClock.look });
  const opinion = createSecondOpinion({ log, providers, safety });
  const deputies = createDeputyService({ db, audit });
  const sessionSafety = createSessionSafety({ db, clock, access: parts.access, safety, escalations, reviews });
  const reminders = createReminders({ db, log, clock, safety: sessionSafety });
  const figures = createFigureService({ db, clock });
  const held = { packs, policies, reviews, claims, reviewClock, deputies, figures };
  return { ...held, safety, escalations, escalationClock, opinion, sessionSafety, reminders };
}
