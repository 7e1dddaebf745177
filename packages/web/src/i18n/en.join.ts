/** What the page of an invitation shows. */
export const joinTexts = {
  join: { title: 'You are invited', by: '{{organisation}} invites you to talk with {{persona}}, an AI persona: {{role}}.', text: 'It is not a person. People of the team read along and can step in.', alias: 'How would you like to be called?', go: 'Join', gone: 'This invitation does not work any more. Ask for a new one.' },
} as const;
