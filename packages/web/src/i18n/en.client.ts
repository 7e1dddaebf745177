/** What a client's device shows; the team's pages show it too. */
export const clientTexts = {
  app: { name: 'Rapport', loading: 'Loading…' },
  common: {
    close: 'Close', cancel: 'Cancel', copy: 'Copy', copied: 'Copied', cut: 'Cut off: no more than {{count}} characters fit.', notCopied: 'Not copied: select it and copy it yourself.', optional: 'optional',
  },
  room: {
    transcript: 'Conversation', send: 'Send', message: 'Message', stop: 'Stop', regenerate: 'Regenerate', retry: 'Try again', older: 'Show older messages', toEnd: 'Jump to the newest',
    ev: {
      'session.paused': 'The session was paused.', 'session.resumed': 'The session goes on.', 'session.taken-over': 'A person of the team writes now.',
      'session.handed-back': 'The AI persona answers again.', 'session.ended': 'The session has ended.', 'session.escalated': 'The AI persona stops here. The team has been called.', 'person.requested': 'A person was asked for.', 'session.time-up': 'The planned time is over.',
      'consent.ai-processing.true': 'Agreed to AI processing.', 'consent.ai-processing.false': 'Without agreement to AI processing the AI persona does not answer. People of the team can.',
      'consent.recording.true': 'Agreed that what is written is stored.', 'consent.recording.false': 'Without agreement to storing, the client can write no more.',
    },
    interrupted: 'This reply was interrupted.', stopped: 'Stopped.', failed: 'This reply could not be finished.',
    preparing: 'A reply is being prepared…', late: 'A person will answer you.',
    held: {
      delayed: 'A reply is being prepared; a person may read it first.', approve: 'A reply is being prepared; a person reads it first.', 'draft-only': 'A person is preparing an answer for you.',
    },
    left_one: '{{count}} minute left', left_other: '{{count}} minutes left',
    you: 'You', team: 'Team', ai: 'AI-made', prepared: 'AI persona · prepared text',
    reference: 'Quotes from reference material – not an AI model', sources: 'Sources',
  },
  status: { connecting: 'Connecting…', live: 'Connected', retrying: 'Connection lost. What you write is kept and sent when it is back.', denied: 'Access to this session has ended.', closed: 'Closed' },
  problem: { empty: 'Please fill this in.', tooShort: 'This is too short.', tooLong: 'This is too long.', other: 'This is not valid.' },
  chat: {
    disclosure: 'You are talking with an AI persona, supervised by people.', person: 'A person of the team is writing with you.', typing: 'A person of the team is typing…',
    paused: 'The session is paused. You can go on writing; the answer comes later.', ended: 'This session has ended.', was: 'You were talking with an AI persona, supervised by people.', pausedNow: 'An AI persona, supervised by people. It does not answer while the session is paused.', off: 'The persona does not answer at the moment.',
    noAi: 'You said no to AI processing: the AI persona does not answer. People of the team read what you write and can answer.', noRecording: 'You said no to storing what you write, so you cannot write here. You can change that under “What I agreed to”.',
    need: 'I need a person', fillIn: 'Fill in a questionnaire', called: 'The AI persona has stopped. The team has been called; nobody writes yet.',
    empty: 'Write the first message when you are ready.', waiting: 'will be sent', refused: 'not sent: {{reason}}',
    record: 'What is stored about me',
    shut: 'This conversation is not open to you', noAccess: 'You need an invitation to see this session.',
  },
  consent: { title: 'Before you begin', text: 'Please say yes or no to each. You can change it at any time; a no holds at once.', yes: 'Yes, I agree', no: 'No', go: 'Continue', save: 'Save', mine: 'What I agreed to' },
} as const;
