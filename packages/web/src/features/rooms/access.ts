/** The access token of a session, on this device. A second session on the device has its own. */
const key = (sessionId: string) => `rapport-access-${sessionId}`;

export const keepToken = (sessionId: string, token: string): void => localStorage.setItem(key(sessionId), token);
export const tokenOf = (sessionId: string): string | null => localStorage.getItem(key(sessionId));
