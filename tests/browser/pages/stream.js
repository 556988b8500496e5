/** @file A command stream by hand: a heap with a bump allocator, and an encoder driven by the decoder's own table. */
import { COMMANDS } from '../../../web/gen/commands.js';

/** Stands in for Pyodide's memory. */
export class TestHeap {
  constructor(sizeBytes) {
    this.buffer = new ArrayBuffer(sizeBytes);
    this.end = 16;
  }
  u8(address, size) { return new Uint8Array(this.buffer, address, size); }
  u32(address, count) { return new Uint32Array(this.buffer, address, count); }
  f32(address, count) { return new Float32Array(this.buffer, address, count); }
  text(address, size) { return new TextDecoder().decode(this.u8(address, size)); }
  /** Copies a typed array in and returns its address. */
  put(array) {
    const address = this.end;
    this.u8(address, array.byteLength).set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    this.end = (address + array.byteLength + 15) & ~15;
    return address;
  }
}

const OPCODES = new Map([...COMMANDS].map(([opcode, { name, words }]) => [name, { opcode, words }]));

/** Collects commands: `stream.add('buffer_create', 1, 64, 1)`. */
export class TestStream {
  words = [];
  add(name, ...values) {
    const { opcode, words } = OPCODES.get(name);
    if (values.length !== words - 1) throw new Error(`${name} takes ${words - 1} values`);
    this.words.push((opcode | (words << 16)) >>> 0, ...values);
    return this;
  }
  /** Puts the words into the heap, runs them, forgets them. */
  submit(heap, decoder) {
    const words = Uint32Array.from(this.words);
    this.words = [];
    return decoder.submit(heap.put(words), words.length);
  }
}
