/** What only the page of a questionnaire shows: it is added to the client's texts there. */
export const questionnaireTexts = {
  form: {
    title: 'A questionnaire', text: 'Your team asks you to fill this in. They read your answers and talk about them with you; no AI does.', send: 'Send the answers',
    missing_one: '{{count}} question has no answer yet.', missing_other: '{{count}} questions have no answer yet.', thanks: 'Thank you. Your team has your answers.',
    over: 'This questionnaire is not asked for any more.', back: 'Back to the conversation', gone: 'You need an invitation to see this page, or nobody asks for this questionnaire any more.',
  },
} as const;
