/** What a person is told when a reply could not be finished; clients translate by the fault's code. */
const sentences: Record<string, string> = {
  unauthorized: 'The model provider refused the key. An administrator needs to check it in the settings.',
  'rate-limited': 'The model provider is receiving too many requests. Try again in a minute.',
  unavailable: 'The model provider has a problem of its own. Try again in a moment.',
  'refused-connection': 'The model provider cannot be reached. Try again in a moment.',
  'refused-address': 'The model provider’s address is not allowed. An administrator needs to check the settings.',
  redirected: 'The model provider has moved. An administrator needs to check its address in the settings.',
  'timeout-first-token': 'The model did not begin to answer in time. Try again.',
  stalled: 'The model stopped in the middle of its answer. Try again.',
  cut: 'The connection to the model broke off before the answer was complete. Try again.',
  malformed: 'The model provider sent something that could not be read. Try again.',
  'bad-request': 'The model provider did not accept the request. An administrator needs to check the model’s settings.',
  'not-found': 'The model provider does not know this model. An administrator needs to check the settings.',
  'not-installed':
    'What runs this model is missing on this server. An administrator needs to test its provider in the settings.',
  'not-approved':
    'The model provider has not been approved for what clients say. An administrator decides that in the settings.',
  'consent-needed': 'The AI persona does not answer without agreement to AI processing.',
  'held-for-person': 'This reply was not given. A person of the team has been called instead.',
  'context-too-long': 'The conversation is too long for this model.',
};

const days = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });

/** Says nothing of amounts: clients read it. */
export const budgetMessage = (until: Date): string =>
  `The limit set for AI replies is reached, so there is no answer before ${days.format(until)} (UTC). What was written is kept, and the team can read it.`;

export const faultMessage = (fault: string): string => sentences[fault] ?? 'The reply could not be made. Try again.';
