/** What a person can agree to. A feature asks for the purpose it needs. */
export const purposes = ['recording', 'ai-processing', 'memory', 'emotion', 'research', 'sharing'] as const;
