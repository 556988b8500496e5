/**
 * A notebook's view of a program (anywidget): a frame with the program's page, and the messages between kernel and program.
 *
 * Owns: the frame, and the sentence where nothing plays. Stands alone: notebooks load its text by itself, from nowhere.
 * The other end in the frame is page/notebook-frame.js. Both check origin and token of what they hear.
 */
const PATIENCE_MS = 20_000;
const VIEWS = /** @type {Record<string, any>} */ ({ int8: Int8Array, uint8: Uint8Array, bool: Uint8Array, int16: Int16Array,
  uint16: Uint16Array, int32: Int32Array, uint32: Uint32Array, int64: BigInt64Array, uint64: BigUint64Array,
  float32: Float32Array, float64: Float64Array });

/** @param {any} value @param {DataView[]} parts @param {Transferable[]} moved @returns {any} */
function unpack(value, parts, moved) {
  if (Array.isArray(value)) return value.map((one) => unpack(one, parts, moved));
  if (value === null || typeof value !== 'object') return value;
  if (!Object.hasOwn(value, '$array')) {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, unpack(one, parts, moved)]));
  }
  const { buffer, byteOffset, byteLength } = parts[value.$array];
  const array = new VIEWS[value.dtype](buffer.slice(byteOffset, byteOffset + byteLength)); // aligned, and ours to give away
  array.shape = value.shape;
  moved.push(array.buffer);
  return { $array: array, dtype: value.dtype, shape: value.shape };
}

/** @param {any} value @param {ArrayBuffer[]} parts @returns {any} */
function pack(value, parts) {
  if (Array.isArray(value)) return value.map((one) => pack(one, parts));
  if (value === null || typeof value !== 'object') return value;
  if (Object.hasOwn(value, '$array')) {
    const { buffer, byteOffset, byteLength, constructor } = value.$array;
    parts.push(buffer.slice(byteOffset, byteOffset + byteLength));
    const dtype = constructor.name.replace('Big', '').replace('Clamped', '').replace('Array', '').toLowerCase();
    return { $array: parts.length - 1, dtype, shape: value.shape };
  }
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, pack(one, parts)]));
}

/** @param {{ model: any, el: HTMLElement }} given by the notebook */
function render({ model, el }) {
  const box = document.createElement('div');
  box.style.cssText = `position: relative; height: ${model.get('height')}px; background: #14181d`;
  const note = document.createElement('div');
  note.style.cssText = 'position: absolute; inset: 0; padding: 12px; font: 13px sans-serif; color: #e4e8ec; pointer-events: none';
  const frame = document.createElement('iframe');
  frame.style.cssText = 'width: 100%; height: 100%; border: 0; display: block';
  frame.allow = 'autoplay; fullscreen; gamepad; xr-spatial-tracking; cross-origin-isolated';
  frame.title = 'A program of layerw';
  el.append(box);
  box.append(note);
  if (model.get('error')) {
    note.textContent = model.get('error');
    return undefined;
  }
  const address = model.get('address');
  if (!address) {
    note.textContent = 'This program has ended; run its cell again.';
    return undefined;
  }
  const { origin } = new URL(address);
  const token = model.get('token');
  /** @type {[any, Transferable[]][] | null} what is said before the frame listens */
  let waiting = [];
  const post = (/** @type {any} */ message, /** @type {Transferable[]} */ moved = []) => {
    if (waiting) waiting.push([message, moved]);
    else frame.contentWindow?.postMessage({ ...message, layerw: token }, origin, moved);
  };
  const patience = setTimeout(() => {
    note.textContent = `The kernel's server did not answer at ${origin}. If the kernel runs elsewhere, lw.show(app, address=…) says `
      + 'where this page reaches it; if it was restarted, run the cell again.';
  }, PATIENCE_MS);
  const heard = (/** @type {MessageEvent} */ { data, origin: from, source }) => {
    if (from !== origin || source !== frame.contentWindow || data?.layerw !== token) return;
    clearTimeout(patience);
    note.remove();
    if (data.type === 'hello') {
      const queued = waiting ?? [];
      waiting = null;
      listen();
      for (const [message, moved] of queued) post(message, moved);
    } else if (data.type === 'event') {
      /** @type {ArrayBuffer[]} */
      const parts = [];
      const value = pack(data.value, parts);
      model.send({ name: data.name, value }, undefined, parts);
    }
  };
  const custom = (/** @type {any} */ content, /** @type {DataView[]} */ parts) => {
    /** @type {Transferable[]} */
    const moved = [];
    post({ type: 'send', name: content.name, value: unpack(content.value, parts, moved) }, moved);
  };
  const listen = () => post({ type: 'listen', names: model.get('listens') });
  addEventListener('message', heard);
  model.on('msg:custom', custom);
  model.on('change:listens', listen);
  frame.src = address;
  box.append(frame);
  return () => {
    clearTimeout(patience);
    removeEventListener('message', heard);
    model.off('msg:custom', custom);
    model.off('change:listens', listen);
  };
}

export default { render };
