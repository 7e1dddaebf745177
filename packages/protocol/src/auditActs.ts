/** What an entry can be about. */
export const auditSubjects = [
  'user',
  'role',
  'team',
  'key',
  'login',
  'client',
  'session',
  'reply',
  'invitation',
  'persona',
  'knowledge-base',
  'document',
  'provider',
  'grant',
  'consent',
  'hold',
  'escalation',
  'file',
] as const;
export type AuditSubject = (typeof auditSubjects)[number];

interface ActSpec {
  group: 'security' | 'read' | 'act';
  subjects: readonly AuditSubject[];
  text: string;
}

/**
 * Every act that the audit log knows, with the records it names. The log holds ids and codes of this catalogue and nothing
 * else: no name, no text, no address. Adding an act here is all that a service needs in order to record it.
 */
export const auditActs = {
  'login.sign-in': { group: 'security', subjects: ['user'], text: 'Signed in' },
  'login.sign-out': { group: 'security', subjects: ['user'], text: 'Signed out' },
  'login.password-set': { group: 'security', subjects: ['user'], text: 'Set a password' },
  'login.factor-changed': { group: 'security', subjects: ['user'], text: 'Changed a second factor or passkey' },
  'login.factors-reset': { group: 'security', subjects: ['user'], text: 'Reset a member’s second factor and passkeys' },
  'login.switched': { group: 'security', subjects: ['user'], text: 'Went on in another organisation' },
  'login.ended': { group: 'security', subjects: ['user', 'login'], text: 'Ended a login' },
  'member.invited': { group: 'security', subjects: ['user', 'invitation', 'role'], text: 'Invited a member' },
  'member.invitation-withdrawn': {
    group: 'security',
    subjects: ['invitation'],
    text: 'Withdrew a member’s invitation',
  },
  'member.joined': { group: 'security', subjects: ['user', 'invitation'], text: 'Joined the team' },
  'member.provisioned': { group: 'security', subjects: ['user'], text: 'Took a member over from the directory' },
  'member.changed': { group: 'security', subjects: ['user', 'role'], text: 'Changed a member' },
  'member.exported': { group: 'security', subjects: ['user'], text: 'Took out what is stored about their account' },
  'member.removed': { group: 'security', subjects: ['user'], text: 'Removed a member' },
  'role.changed': { group: 'security', subjects: ['role'], text: 'Changed a role' },
  'team.changed': { group: 'security', subjects: ['team', 'user'], text: 'Changed a team' },
  'caseload.changed': { group: 'security', subjects: ['client', 'user', 'team'], text: 'Changed a caseload' },
  'key.created': { group: 'security', subjects: ['key', 'user'], text: 'Created an API key' },
  'key.revoked': { group: 'security', subjects: ['key', 'user'], text: 'Revoked an API key' },
  'organisation.set-up': { group: 'security', subjects: ['user'], text: 'Set the organisation up' },
  'organisation.changed': { group: 'security', subjects: [], text: 'Changed the organisation’s settings' },
  'provider.added': { group: 'security', subjects: ['provider'], text: 'Added a model provider' },
  'provider.changed': { group: 'security', subjects: ['provider'], text: 'Changed a model provider' },
  'provider.removed': { group: 'security', subjects: ['provider'], text: 'Removed a model provider' },
  'provider.approval-changed': {
    group: 'security',
    subjects: ['provider'],
    text: 'Changed which providers may get client data',
  },
  'budget.changed': { group: 'security', subjects: [], text: 'Changed a budget' },
  'provider.prices-changed': { group: 'security', subjects: [], text: 'Changed prices' },

  'client.read': { group: 'read', subjects: ['client'], text: 'Read a client’s record' },
  'client.listed': { group: 'read', subjects: ['client'], text: 'Saw clients in a list' },
  'session.read': { group: 'read', subjects: ['session', 'client'], text: 'Read a session’s record' },
  'session.listed': { group: 'read', subjects: ['session'], text: 'Saw sessions in a list' },
  'session.messages-read': { group: 'read', subjects: ['session', 'client'], text: 'Read messages' },
  'session.watched': { group: 'read', subjects: ['session', 'client'], text: 'Watched a session’s events' },
  'session.replies-read': { group: 'read', subjects: ['session', 'client'], text: 'Read how replies were made' },
  'session.exported': { group: 'read', subjects: ['session', 'client'], text: 'Took a transcript as a file' },

  'client.created': { group: 'act', subjects: ['client'], text: 'Created a client' },
  'client.changed': { group: 'act', subjects: ['client'], text: 'Changed a client' },
  'client.goals-changed': { group: 'act', subjects: ['client'], text: 'Changed a client’s goals' },
  'note.changed': { group: 'act', subjects: ['client', 'session'], text: 'Wrote, changed or deleted a note' },
  'note.opened': {
    group: 'act',
    subjects: ['client', 'user'],
    text: 'Read a colleague’s private notes through a broken glass',
  },
  'questionnaire.asked': {
    group: 'act',
    subjects: ['session', 'client'],
    text: 'Asked for a questionnaire, or no longer',
  },
  'questionnaire.answered': { group: 'act', subjects: ['session', 'client'], text: 'Entered a questionnaire' },
  'client.erased': { group: 'act', subjects: ['client', 'session'], text: 'Erased a client or a session' },
  'client.exported': { group: 'act', subjects: ['client', 'session'], text: 'Exported all about a client' },
  'client.imported': { group: 'act', subjects: ['client'], text: 'Imported a client' },
  'client.held': { group: 'act', subjects: ['client', 'session', 'hold'], text: 'Set a legal hold' },
  'client.hold-lifted': { group: 'act', subjects: ['hold'], text: 'Lifted a legal hold' },
  'consent.asked-changed': { group: 'act', subjects: [], text: 'Changed what consent is asked for' },
  'consent.given': { group: 'act', subjects: ['client', 'session', 'consent'], text: 'Recorded a consent' },
  'consent.withdrawn': { group: 'act', subjects: ['client', 'session', 'consent'], text: 'Recorded a withdrawal' },
  'session.created': { group: 'act', subjects: ['session', 'client'], text: 'Started a session' },
  'session.paused': { group: 'act', subjects: ['session', 'client'], text: 'Paused a session' },
  'session.resumed': { group: 'act', subjects: ['session', 'client'], text: 'Resumed a session' },
  'session.taken-over': { group: 'act', subjects: ['session', 'client'], text: 'Took a session over' },
  'session.handed-back': { group: 'act', subjects: ['session', 'client'], text: 'Handed a session back' },
  'session.ended': { group: 'act', subjects: ['session', 'client'], text: 'Ended a session' },
  'session.guided': { group: 'act', subjects: ['session', 'client'], text: 'Guided the persona' },
  'session.policy-set': { group: 'act', subjects: ['session', 'client'], text: 'Changed how a session is supervised' },
  'review.read': { group: 'read', subjects: ['reply', 'session', 'client'], text: 'Read a held reply' },
  'review.edited': { group: 'act', subjects: ['reply', 'session', 'client'], text: 'Edited a held reply' },
  'review.released-part': {
    group: 'act',
    subjects: ['reply', 'session', 'client'],
    text: 'Released a part of a held reply',
  },
  'review.released': { group: 'act', subjects: ['reply', 'session', 'client'], text: 'Released a held reply' },
  'review.rejected': { group: 'act', subjects: ['reply', 'session', 'client'], text: 'Rejected a held reply' },
  'review.handed-over': {
    group: 'act',
    subjects: ['reply', 'session', 'client', 'user'],
    text: 'Gave a held reply to a colleague',
  },
  'review.deputy-set': { group: 'act', subjects: ['user'], text: 'Named a deputy' },
  'supervision.changed': { group: 'security', subjects: [], text: 'Changed how the organisation supervises' },
  'session.planned': { group: 'act', subjects: ['session', 'client'], text: 'Planned a session’s time or goals' },
  'session.rated': { group: 'act', subjects: ['session', 'client'], text: 'Said how a session went' },
  'session.transferred': { group: 'act', subjects: ['session', 'client'], text: 'Handed a session to a colleague' },
  'session.invited': { group: 'act', subjects: ['session', 'invitation'], text: 'Invited a client' },
  'session.invitation-withdrawn': { group: 'act', subjects: ['session', 'invitation'], text: 'Withdrew an invitation' },
  'session.invitation-accepted': { group: 'act', subjects: ['session', 'invitation'], text: 'Accepted an invitation' },
  'persona.changed': { group: 'act', subjects: ['persona'], text: 'Created or changed a persona' },
  'persona.published': { group: 'act', subjects: ['persona'], text: 'Published a persona' },
  'knowledge.changed': { group: 'act', subjects: ['knowledge-base', 'document'], text: 'Changed reference material' },
  'retention.changed': { group: 'act', subjects: [], text: 'Changed retention' },
  'retention.ran': { group: 'act', subjects: [], text: 'Ran retention' },
  'break-glass.looked-up': { group: 'act', subjects: ['client'], text: 'Looked a client up to break the glass' },
  'break-glass.opened': { group: 'act', subjects: ['grant', 'client'], text: 'Broke the glass' },
  'break-glass.ended': { group: 'act', subjects: ['grant', 'client'], text: 'Ended a break-glass access' },
  'access.refused': { group: 'security', subjects: [], text: 'Asked for something they may not do' },
  'escalation.listed': {
    group: 'read',
    subjects: ['escalation', 'session', 'client'],
    text: 'Saw escalations in a list',
  },
  'escalation.acknowledged': {
    group: 'act',
    subjects: ['escalation', 'session', 'client'],
    text: 'Acknowledged an escalation',
  },
  'escalation.resolved': {
    group: 'act',
    subjects: ['escalation', 'session', 'client'],
    text: 'Resolved an escalation',
  },
  'safety.changed': { group: 'act', subjects: [], text: 'Changed what happens in a crisis' },
  'deid.prepared': { group: 'act', subjects: ['file', 'session'], text: 'Prepared a de-identified export' },
  'deid.reviewed': { group: 'act', subjects: ['file'], text: 'Approved or rejected a de-identified export' },
  'deid.downloaded': { group: 'act', subjects: ['file'], text: 'Downloaded a de-identified export' },
  'audit.read': { group: 'act', subjects: [], text: 'Read the audit log' },
  'audit.exported': { group: 'act', subjects: [], text: 'Exported the audit log' },
  'audit.checkpointed': { group: 'act', subjects: [], text: 'Signed a checkpoint' },
  'audit.trimmed': { group: 'act', subjects: [], text: 'Removed old audit entries' },
} as const satisfies Record<`${string}.${string}`, ActSpec>;

export type AuditAct = keyof typeof auditActs;
export const auditActNames = Object.keys(auditActs) as [AuditAct, ...AuditAct[]];

/** The records an entry of this act may name, by kind. */
export type SubjectsOf<A extends AuditAct> = {
  readonly [K in (typeof auditActs)[A]['subjects'][number]]?: string | readonly string[] | null;
};
