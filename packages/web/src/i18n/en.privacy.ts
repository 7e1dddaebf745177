/** What the pages about privacy show: consents, retention, exports, processing. */
export const privacyTexts = {
  privacy: {
    title: 'Privacy', requests: 'Wishes to be erased', noRequests: 'Nobody waits for an answer.', erase: 'Erase…', decline: 'Decline…', answer: 'Your answer to the client',
    answerHint: 'The client reads it on their own page.', records: 'What is stored about clients', recordsHint: 'An export is a zip file with everything about a person: to read, to print, and to import elsewhere.',
    export: 'Export', hold: 'Hold…', reason: 'Reason', holdHint: 'While a hold is in force nobody can erase what is stored.', placeHold: 'Place the hold',
    goes_one: 'This goes for good, with {{count}} session:', goes_other: 'This goes for good, with {{count}} sessions:', what: 'What', rows: 'Entries',
    category: {
      profile: 'Profile', memory: 'Memories', conversation: 'Conversations', guidance: 'Private guidance', access: 'Invitations, devices, assignments', technical: 'Technical records', privacy: 'Consents, holds, requests',
      research: 'De-identified copies',
    },
    keyGoes: 'The key that the content is sealed under is destroyed as well: older backups without keys cannot be read any more.',
    held_one: 'A legal hold keeps this record. Lift it first.', held_other: '{{count}} legal holds keep this record. Lift them first.',
    final: 'Running replies end, and the client loses access. Nobody can undo this.', typeName: 'Type the name to confirm: {{name}}', eraseNow: 'Erase for good', erasing: 'Erasing…', erased: 'Erased. The receipt says what went.',
    receipt: 'Receipt', holds: 'Legal holds', lifted: 'Show lifted ones too', noHolds: 'No hold is in force.', lift: 'Lift…', liftedOn: 'Lifted {{date}}: {{reason}}',
    erasures: 'Erasures and receipts', erasuresHint: 'A receipt names nobody: it holds ids, counts and a signature. Give the key below to whoever wants to check one.', fingerprint: 'Key', copyKey: 'Copy the key',
    noErasures: 'Nobody has been erased.', status: { running: 'running', refused: 'refused', erased: 'erased, receipt to come', done: 'done' }, entries_one: '{{count}} entry', entries_other: '{{count}} entries',
    import: 'Import', importFile: 'An export of another organisation', importHint: 'A zip file of at most 32 MB. It makes a client with ended sessions; consents, memories and reports are not taken over.',
    imported: 'Imported: {{sessions}} with {{messages}}.', importOffline: 'The server cannot be reached, or took too long. Look at the clients first: it may have been imported.',
  },
  consents: {
    title: 'What clients agree to', hint: 'Clients are asked before their conversation begins. What is asked for waits for a yes; a no holds at once.',
    purpose: { recording: 'Storing the conversation', 'ai-processing': 'AI processing', memory: 'Memory between conversations', emotion: 'Guesses of emotion', research: 'Research', sharing: 'Giving conversations to others' },
    without: {
      recording: 'Without a yes the client cannot write.', 'ai-processing': 'Without a yes the AI persona does not answer; people can.', memory: 'Without a yes nothing is proposed for remembering, and nothing of it given to a persona.', emotion: 'Without a yes no model guesses how the client seems to feel, even where nobody is asked. It is off unless switched on under Safety.',
      research: 'Without a yes the conversation is left out of exports for research.', sharing: 'Without a yes the conversation is left out of exports for others.',
    },
    texts: 'Texts', house: 'This is the text that comes with Rapport. Change it, and it becomes your version 1.', version: 'version {{version}}', language: 'Language: {{language}}', tag: 'Language tag, e.g. en or de-AT',
    text: 'What the client reads', addLanguage: 'Add a language', askAgain: 'Ask again those who agreed to an earlier version', publish: 'Publish as a new version',
    ofClient: 'Consents', nothing: 'Nothing was asked yet.', open: 'no answer', yes: 'yes', no: 'no', write: 'Write down what was signed', note: 'Where the paper is', agreed: 'Has agreed', withdrew: 'Has withdrawn',
    history: 'Everything that was said', method: { chat: 'by the client', paper: 'on paper', import: 'imported' },
  },
  retention: {
    title: 'How long it is kept', hint: 'Nothing is deleted unless you say so here. Look at the preview first; a rule then runs once a day.', days: 'Days to keep', forever: 'Kept for good.', preview: 'Preview', off: 'Keep for good',
    category: { sessions: 'Sessions', memories: 'Memories of clients, since their last change', drafts: 'Word-by-word logs of replies', audit: 'Audit log', files: 'De-identified exports' },
    about: {
      memories: 'What is remembered of clients, with its history and quotes.',
      sessions: 'With everything said in them, counted from the last activity.', drafts: 'What replies streamed; the replies themselves stay.', audit: 'Who did what.', files: 'Prepared and approved ones, counted from the day they were prepared.',
    },
    would_one: '{{count}} would be deleted now.', would_other: '{{count}} would be deleted now.', oldest: 'The oldest is of {{date}}.', held_one: '{{count}} stays because of a legal hold.', held_other: '{{count}} stay because of a legal hold.',
    on_one: 'Delete what is older than {{count}} day', on_other: 'Delete what is older than {{count}} days', runs: 'What was deleted', noRuns: 'Nothing was deleted yet.', deleted_one: '{{count}} deleted', deleted_other: '{{count}} deleted',
  },
  deid: {
    none: 'No export yet.', title: 'De-identified exports', hint: 'Names, contacts, places and dates are replaced. Some are missed: a second person reads the export before anybody gets it.', prepare: 'Prepare an export', how: 'How', purpose: 'For',
    form: { anonymised: 'Anonymised', pseudonymised: 'Pseudonymised' }, about: { anonymised: 'Nothing links two conversations.', pseudonymised: 'The same person has the same code in every export.' },
    from: 'Sessions from', to: 'Sessions until', terms: 'Also take these out', termsHint: 'One a line: what is known or what a reviewer found.', go: 'Prepare', preparing: 'Preparing…', prepared: 'Prepared. Somebody else reviews it now.',
    status: { waiting: 'waits for review', approved: 'approved', rejected: 'rejected' }, sessions_one: '{{count}} session', sessions_other: '{{count}} sessions', leftOut_one: '{{count}} left out: not agreed', leftOut_other: '{{count}} left out: not agreed',
    by: 'reviewed by {{name}}', download: 'Download', review: 'Review', reviewHint: 'Read all of it. Struck through is what stood there; it is forgotten when you decide. If something was missed, reject it and say what.',
    session: 'Conversation {{number}}', author: { client: 'Client', persona: 'Persona', staff: 'Team' }, own: 'You prepared this export: somebody else has to review it.', remark: 'Remark', approve: 'Approve', reject: 'Reject',
  },
  processing: {
    title: 'Record of processing', hint: 'Made from the settings as they are now, for article 30 of the GDPR.', recipients: 'Where what clients say may go', nobody: 'Nowhere: replies quote reference material on this server.',
    controller: 'Who decides about the processing', contact: 'Contact', officer: 'Data protection officer', markdown: 'Markdown', json: 'JSON',
    status: { local: 'on this machine', approved: 'approved', refused: 'not approved', unanswered: 'not decided' }, decide: 'Data processing',
    question: 'May what clients say be sent to this provider?', note: 'Agreement on data processing', noteHint: 'With whom, and where it is kept.', agreedOn: 'Agreed on', approve: 'Yes, approve', refuse: 'No, send nothing',
    required: 'Send what clients say only to approved providers', requiredHint: 'What runs on this machine is approved. A refused provider gets nothing either way.',
    ask: 'What clients say may be sent to this provider', askHint: 'It runs elsewhere. Say yes once you have an agreement on data processing; until then personas do not answer with it. You can decide later in the settings.',
  },
} as const;
