/** What is remembered of clients, for the catalogue. */
export const memoryTables = {
  reply_context: {
    about: 'client',
    category: 'technical',
    columns: { passage: 'reference material that a reply to them was given' },
    rows: [['session_id', 'session']],
    exported: 'not: the memories stand in memories[], the rest is reference material',
    staffOnly: true,
  },
  memory_vector: {
    about: 'client',
    category: 'memory',
    columns: { vector: 'what is remembered of them, as numbers made by a model to find it by its meaning' },
    rows: [['client_id', 'client']],
    exported: 'not: made anew from memories[].statement',
    staffOnly: true,
  },
  thread_memory: {
    about: 'client',
    category: 'memory',
    columns: { memory_id: 'which memories a thread refers to' },
    rows: [['client_id', 'client']],
    exported: 'not: it arranges what stands in memories[]',
    staffOnly: true,
  },
  memory_quote: {
    about: 'client',
    category: 'memory',
    columns: { quote: 'what they said, word for word' },
    rows: [
      ['client_id', 'client'],
      ['session_id', 'session'],
    ],
    exported: 'memories[].evidence',
  },
  memory_revision: {
    about: 'client',
    category: 'memory',
    columns: { tags: 'what a memory is about', sensitivity: 'whether it is sensitive' },
    rows: [['client_id', 'client']],
    exported: 'memories[].revisions',
    staffOnly: true,
  },
  memory: {
    about: 'client',
    category: 'memory',
    columns: { statement: 'what is remembered of them' },
    rows: [['client_id', 'client']],
    exported: 'memories[]',
  },
} as const;
