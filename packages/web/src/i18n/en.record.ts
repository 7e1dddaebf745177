/** What only the page of one's own record shows: it is added to the client's texts there. */
export const recordTexts = {
  record: {
    title: 'What is stored about you', back: 'Back to the conversation', name: 'Stored under the name', sessions: 'Conversations', what: 'What is stored',
    category: {
      profile: 'Your profile', memory: 'What is remembered about you', conversation: 'Conversations: messages and what happened', access: 'Invitations and devices', technical: 'Technical records',
      privacy: 'Consents and requests', research: 'Research copies',
    },
    memories: 'What is remembered about you', memoriesHint: 'The persona may recall this in later conversations. You can say how it is instead, or have it forgotten for good. Ask your team whether more is noted: the link you have does not open all of it.',
    noMemories: 'Nothing is remembered.', waiting: 'waits for the team', quoted: 'You said:', correct: 'Correct', instead: 'How it is instead', send: 'Send', forget: 'Forget',
    forgetSure: 'Yes, forget it',
    entries_one: '{{count}} entry', entries_other: '{{count}} entries',
    download: 'Download this conversation', downloadHint: 'A zip file with the same content three times: to read (Markdown), to print (PDF), to take elsewhere (JSON). Ask your team for your profile and other conversations: the link you have opens this one only.',
    downloading: 'Being put together…', erase: 'Have everything erased',
    eraseHint: 'The team sees your wish and decides. What has been erased nobody can bring back, and this conversation ends.',
    ask: 'Ask to be erased', confirm: 'Yes, ask for it', asked: 'You asked on {{date}}. The team will decide.', withdraw: 'Withdraw the wish',
    declined: 'The team decided on {{date}} not to erase:', gone: 'You need an invitation to see this page, or what was stored here has been erased.',
  },
} as const;
