import { createApi } from '@rapport/sdk/api';

/** The team's side: known by cookie or, on the machine itself, by being there. */
export const api = createApi();
