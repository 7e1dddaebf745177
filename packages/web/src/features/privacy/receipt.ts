export const receiptLink = (erasureId: string): string => `/api/v1/privacy/erasures/${erasureId}/receipt`;
