/**
 * Messages between the page and the program: values to bytes and back; engine_py/layerw/messages/codec.py is the other
 * half.
 *
 *     u32 head_bytes | head: UTF-8 JSON {"name", "value", "arrays": [{"path", "dtype", "shape", "size"}]}
 *     zeros to a multiple of 8 | the arrays' bytes, each padded to a multiple of 8
 *
 * Where an array lies, `value` has null. An array of shape [] is a number that JSON has no word for (NaN, infinities).
 * Limits: MESSAGE_BYTES_MAX; DEPTH_MAX levels; JSON-like values, typed arrays, ArrayBuffers (uint8).
 */

export const MESSAGE_BYTES_MAX = 64 * 1024 * 1024;
const DEPTH_MAX = 64;
const ALIGN = 8;
/** Names that the element itself gives events. */
export const OWN_PREFIX = 'layerw-';

/** @type {Record<string, new (buffer: ArrayBuffer) => any>} */
const ARRAYS = {
  int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array, int32: Int32Array, uint32: Uint32Array,
  int64: BigInt64Array, uint64: BigUint64Array, float32: Float32Array, float64: Float64Array, bool: Uint8Array,
};
/** @type {Record<string, string>} */
const DTYPES = Object.fromEntries(Object.entries(ARRAYS).map(([dtype, Class]) => [Class.name, dtype]).reverse());

/** @typedef {{path: (string | number)[], dtype: string, shape: number[], size: number}} Entry */
/** @typedef {{name: string, value: any, arrays: Entry[]}} Head */

/** @param {number} size */
const padded = (size) => Math.ceil(size / ALIGN) * ALIGN;

/**
 * @param {string} name
 * @param {unknown} value
 * @returns {Uint8Array<ArrayBuffer>}
 * @throws {TypeError | RangeError} naming the place of what can't be sent
 */
export function encodeMessage(name, value) {
  if (typeof name !== 'string' || name === '') throw new TypeError(`The name of a message is ${JSON.stringify(name)}; it is a text that is not empty.`);
  if (name.startsWith(OWN_PREFIX)) throw new TypeError(`The name "${name}" begins with ${OWN_PREFIX}, as only the element's own events do.`);
  return encodeAny(name, value);
}

/**
 * A message of a subsystem's half of the page.
 * @param {string} subsystem
 * @param {unknown} value
 */
export const encodeOwn = (subsystem, value) => encodeAny(OWN_PREFIX + subsystem, value);

/** @param {string} name @param {unknown} value @returns {Uint8Array<ArrayBuffer>} */
function encodeAny(name, value) {
  /** @type {Entry[]} */
  const arrays = [];
  /** @type {Uint8Array[]} */
  const parts = [];
  const plain = toPlain(value, [], (entry, bytes) => {
    arrays.push(entry);
    parts.push(bytes);
  });
  const head = new TextEncoder().encode(JSON.stringify({ name, value: plain, arrays }));
  const start = padded(4 + head.length);
  const total = parts.reduce((sum, part) => sum + padded(part.length), start);
  if (total > MESSAGE_BYTES_MAX) throw new RangeError(`The message "${name}" takes ${total} bytes; at most ${MESSAGE_BYTES_MAX} are sent at once.`);
  const bytes = new Uint8Array(total);
  new DataView(bytes.buffer).setUint32(0, head.length, true);
  bytes.set(head, 4);
  let at = start;
  for (const part of parts) {
    bytes.set(part, at);
    at += padded(part.length);
  }
  return bytes;
}

/**
 * @param {unknown} value
 * @param {(string | number)[]} path
 * @param {(entry: Entry, bytes: Uint8Array) => void} add
 * @returns {unknown} what JSON can hold
 */
function toPlain(value, path, add) {
  if (path.length > DEPTH_MAX) throw new RangeError(`The value sent is deeper than ${DEPTH_MAX} levels at ${place(path)}; does it hold itself?`);
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value;
    add({ path, dtype: 'float64', shape: [], size: 8 }, new Uint8Array(new Float64Array([value]).buffer));
    return null;
  }
  if (Array.isArray(value)) return value.map((item, index) => toPlain(item, [...path, index], add));
  if (value instanceof ArrayBuffer) return toPlain(new Uint8Array(value), path, add);
  if (ArrayBuffer.isView(value)) return addArray(/** @type {any} */ (value), path, add);
  if (typeof value === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(value))) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlain(item, [...path, key], add)]));
  }
  const kind = typeof value === 'object' ? /** @type {object} */ (value).constructor?.name : typeof value;
  throw new TypeError(`The value sent has a ${kind} at ${place(path)}; null, booleans, numbers, strings, arrays, plain objects and typed arrays can be sent.`);
}

/** @param {ArrayBufferView & {length: number, shape?: number[]}} view @param {(string | number)[]} path @param {Parameters<typeof toPlain>[2]} add */
function addArray(view, path, add) {
  const dtype = DTYPES[view.constructor.name === 'Uint8ClampedArray' ? 'Uint8Array' : view.constructor.name];
  if (dtype === undefined) throw new TypeError(`The value sent has a ${view.constructor.name} at ${place(path)}, which numpy arrays can't be made of.`);
  const shape = view.shape ?? [view.length];
  add({ path, dtype, shape, size: view.byteLength }, new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  return null;
}

/** @param {(string | number)[]} path */
const place = (path) => (path.length === 0 ? 'its top' : path.map((key) => `[${JSON.stringify(key)}]`).join(''));

/**
 * Takes a message apart, for the engine: the arrays are copies, so that they can be transferred.
 * @param {Uint8Array} bytes
 * @returns {{head: Head, arrays: ArrayBuffer[]}}
 */
export function splitMessage(bytes) {
  const headBytes = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.slice(4, 4 + headBytes)));
  let at = padded(4 + headBytes);
  const arrays = head.arrays.map((/** @type {Entry} */ { size }) => {
    const part = bytes.slice(at, at + size).buffer;
    at += padded(size);
    return part;
  });
  return { head, arrays };
}

/**
 * Puts the arrays in their places. Each is flat, with numpy's `shape` as a property.
 * @param {Head} head
 * @param {ArrayBuffer[]} buffers
 * @returns {{name: string, value: any}}
 */
export function decodeMessage(head, buffers) {
  const root = [head.value];
  head.arrays.forEach(({ path, dtype, shape }, number) => {
    const array = new ARRAYS[dtype](buffers[number]);
    const value = shape.length === 0 ? array[0] : Object.assign(array, { shape });
    const keys = [0, ...path];
    const last = /** @type {string | number} */ (keys.pop());
    const holder = keys.reduce((node, key) => node[key], /** @type {any} */ (root));
    holder[last] = value;
  });
  return { name: head.name, value: root[0] };
}
