import { writeFileSync } from 'node:fs';

/** GGUF version 3, as far as a small llama model in F32 needs it. */
export type Field =
  | [key: string, type: 'u32' | 'f32', value: number]
  | [key: string, type: 'bool', value: boolean]
  | [key: string, type: 'str', value: string]
  | [key: string, type: '[str', value: string[]]
  | [key: string, type: '[f32' | '[i32', value: number[]];

export interface Tensor {
  name: string;
  /** The fastest dimension first. */
  dims: number[];
  data: Float32Array;
}

const types = { u32: 4, i32: 5, f32: 6, bool: 7, str: 8, array: 9 };
const align = 32;

const u32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
const u64 = (value: number) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);
const f32 = (values: number[]) => Buffer.from(Float32Array.from(values).buffer);
const str = (text: string) => Buffer.concat([u64(Buffer.byteLength(text)), Buffer.from(text)]);
const padding = (length: number) => Buffer.alloc((align - (length % align)) % align);

function valueOf([, type, value]: Field): Buffer[] {
  switch (type) {
    case 'u32':
      return [u32(types.u32), u32(value)];
    case 'f32':
      return [u32(types.f32), f32([value])];
    case 'bool':
      return [u32(types.bool), Buffer.from([value ? 1 : 0])];
    case 'str':
      return [u32(types.str), str(value)];
    case '[str':
      return [u32(types.array), u32(types.str), u64(value.length), ...value.map(str)];
    case '[f32':
      return [u32(types.array), u32(types.f32), u64(value.length), f32(value)];
    case '[i32':
      return [u32(types.array), u32(types.i32), u64(value.length), Buffer.from(Int32Array.from(value).buffer)];
  }
}

export function writeGguf(path: string, fields: Field[], tensors: Tensor[]): void {
  const head: Buffer[] = [Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(fields.length)];
  for (const field of fields) head.push(str(field[0]), ...valueOf(field));
  const bodies: Buffer[] = [];
  let offset = 0;
  for (const { name, dims, data } of tensors) {
    head.push(str(name), u32(dims.length), ...dims.map(u64), u32(0), u64(offset));
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    bodies.push(bytes, padding(bytes.length));
    offset += bytes.length + padding(bytes.length).length;
  }
  const start = Buffer.concat(head);
  writeFileSync(path, Buffer.concat([start, padding(start.length), ...bodies]));
}
