/** Apart from the schemas, so that a page which lists them does not load zod. */
export const memoryStatuses = ['proposed', 'approved', 'superseded', 'retired'] as const;
export type MemoryStatus = (typeof memoryStatuses)[number];
