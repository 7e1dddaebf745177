// Plain lists: a page that offers a choice loads them without the schemas.

/** The supervision ladder from loosest to strictest. The strictest of organisation, persona, client and session wins. */
export const rungs = ['auto', 'delayed', 'approve', 'draft-only', 'takeover', 'off'] as const;

/** The rungs under which the persona writes, but not to the client by itself. */
export const heldRungs = ['delayed', 'approve', 'draft-only'] as const;

/** Why a draft was not released as it was; the codes are counted, the note explains. */
export const reviewReasons = [
  'inaccurate',
  'unsafe',
  'tone',
  'off-topic',
  'too-long',
  'privacy',
  'scope',
  'language',
  'other',
] as const;
