import { writeGguf, type Field, type Tensor } from './writer.ts';

const width = 64;
const inner = 32;
const contextLength = 4096;
const specials = ['<|system|>', '<|user|>', '<|assistant|>', '<|end|>'];
const chatTemplate =
  "{% for m in messages %}{{ '<|' + m['role'] + '|>' + m['content'] + '<|end|>' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";

interface Vocabulary {
  tokens: string[];
  scores: number[];
  types: number[];
}

/** The text in pieces that are all different, so that each has one successor. */
function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  let piece = '';
  for (const word of text.split(' ')) {
    piece += (pieces.length || piece ? '▁' : '') + word;
    if (pieces.includes(piece)) continue;
    pieces.push(piece);
    piece = '';
  }
  return piece ? [...pieces, piece] : pieces;
}

function vocabularyOf(pieces: string[]): Vocabulary {
  const letters = [...'▁abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,!?\'"-:;()'];
  const bytes = Array.from({ length: 256 }, (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`);
  const normal = [...letters.filter((letter) => !pieces.includes(letter)), ...pieces];
  const zeros = [...specials, ...bytes].map(() => 0);
  return {
    tokens: ['<unk>', '<s>', '</s>', ...specials, ...bytes, ...normal],
    scores: [0, 0, 0, ...zeros, ...normal.map((_, i) => -i - 1)],
    // Unknown, control, byte, normal.
    types: [2, 3, 3, ...specials.map(() => 3), ...bytes.map(() => 6), ...normal.map(() => 1)],
  };
}

const fieldsOf = ({ tokens, scores, types }: Vocabulary): Field[] => [
  ['general.architecture', 'str', 'llama'],
  ['general.name', 'str', 'rapport-recite'],
  ['general.file_type', 'u32', 0],
  ['general.alignment', 'u32', 32],
  ['llama.context_length', 'u32', contextLength],
  ['llama.embedding_length', 'u32', width],
  ['llama.block_count', 'u32', 1],
  ['llama.feed_forward_length', 'u32', inner],
  ['llama.attention.head_count', 'u32', 2],
  ['llama.attention.head_count_kv', 'u32', 2],
  ['llama.attention.layer_norm_rms_epsilon', 'f32', 1e-5],
  ['llama.rope.dimension_count', 'u32', width / 2],
  ['llama.rope.freq_base', 'f32', 10_000],
  ['llama.vocab_size', 'u32', tokens.length],
  ['tokenizer.ggml.model', 'str', 'llama'],
  ['tokenizer.ggml.tokens', '[str', tokens],
  ['tokenizer.ggml.scores', '[f32', scores],
  ['tokenizer.ggml.token_type', '[i32', types],
  ['tokenizer.ggml.bos_token_id', 'u32', 1],
  ['tokenizer.ggml.eos_token_id', 'u32', tokens.indexOf('<|end|>')],
  ['tokenizer.ggml.unknown_token_id', 'u32', 0],
  ['tokenizer.ggml.add_bos_token', 'bool', true],
  ['tokenizer.ggml.add_space_prefix', 'bool', false],
  ['tokenizer.chat_template', 'str', chatTemplate],
];

/** Every token's output weights are the codes of the tokens it follows; attention and feed-forward add nothing. */
function tensorsOf(tokens: string[], chain: number[]): Tensor[] {
  let seed = 7;
  const random = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const codes = new Float32Array(tokens.length * width).map(() => (random() < 0.5 ? -1 : 1));
  const output = new Float32Array(tokens.length * width);
  chain.slice(1).forEach((to, i) => {
    const from = chain[i] ?? 0;
    for (let k = 0; k < width; k += 1) output[to * width + k]! += codes[from * width + k]! / 2;
  });
  const ones = (name: string): Tensor => ({ name, dims: [width], data: new Float32Array(width).fill(1) });
  const zeros = (name: string, a = width, b = width): Tensor => ({ name, dims: [a, b], data: new Float32Array(a * b) });
  return [
    { name: 'token_embd.weight', dims: [width, tokens.length], data: codes },
    ones('output_norm.weight'),
    { name: 'output.weight', dims: [width, tokens.length], data: output },
    ones('blk.0.attn_norm.weight'),
    ...['q', 'k', 'v', 'output'].map((part) => zeros(`blk.0.attn_${part}.weight`)),
    ones('blk.0.ffn_norm.weight'),
    zeros('blk.0.ffn_gate.weight', width, inner),
    zeros('blk.0.ffn_up.weight', width, inner),
    zeros('blk.0.ffn_down.weight', inner, width),
  ];
}

/**
 * Writes a llama model of some 300 KB with hand-set weights that answers everything with `text`: the next token depends
 * on the last one alone. At temperature 0 it is deterministic.
 */
export function writeReciter(path: string, text: string): void {
  const pieces = piecesOf(text);
  const vocabulary = vocabularyOf(pieces);
  const chain = ['<|assistant|>', ...pieces, '<|end|>'].map((token) => vocabulary.tokens.lastIndexOf(token));
  writeGguf(path, fieldsOf(vocabulary), tensorsOf(vocabulary.tokens, chain));
}
