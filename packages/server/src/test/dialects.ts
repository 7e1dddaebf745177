/** How a provider words its stream. */
export interface Dialect {
  begin(model: string): string;
  text(text: string): string;
  thought(text: string): string;
  error: string;
  end(tokens: number): string;
}

const openAiChunk = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

export const openAi: Dialect = {
  begin: (model) =>
    `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', model: `${model}-2026`, choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] })}\n\n`,
  // The model's name changes in no chunk, and no reader needs it twice.
  text: (text) =>
    `data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":${JSON.stringify(text)}},"finish_reason":null}]}\n\n`,
  thought: (text) => openAiChunk({ reasoning_content: text }),
  error: `data: ${JSON.stringify({ error: { message: 'played fault', code: 500 } })}\n\n`,
  end: (tokens) =>
    `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\ndata: ${JSON.stringify({
      choices: [],
      usage: { prompt_tokens: 50, completion_tokens: tokens, prompt_tokens_details: { cached_tokens: 20 } },
    })}\n\ndata: [DONE]\n\n`,
};

const event = (data: { type: string; [field: string]: unknown }) =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;

export const anthropic: Dialect = {
  begin: (model) =>
    event({
      type: 'message_start',
      message: {
        model: `${model}-2026`,
        usage: { input_tokens: 25, cache_read_input_tokens: 20, cache_creation_input_tokens: 5 },
      },
    }) + event({ type: 'ping' }),
  text: (text) => event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
  thought: (thinking) => event({ type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking } }),
  error: event({ type: 'error', error: { type: 'overloaded_error', message: 'played fault' } }),
  end: (tokens) =>
    event({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: tokens } }) +
    event({ type: 'message_stop' }),
};
