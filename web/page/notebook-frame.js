/**
 * The program's side of a notebook's view: it takes what the kernel sends, and hands on what the program says.
 *
 * Only the window around this one is heard, and only with the token that the page was opened with.
 */

/** @param {any} value @returns {any} */
function values(value) {
  if (Array.isArray(value)) return value.map(values);
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return value;
  if (!Object.hasOwn(value, '$array')) return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, values(one)]));
  value.$array.shape = value.shape;
  return value.$array;
}

/** What a message between windows would drop: a typed array's shape. @param {any} value @returns {any} */
function shaped(value) {
  if (Array.isArray(value)) return value.map(shaped);
  if (value === null || typeof value !== 'object') return value;
  if (ArrayBuffer.isView(value)) return { $array: value, shape: /** @type {any} */ (value).shape ?? null };
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shaped(one)]));
}

/** @param {any} element <layer-w> @param {string} token */
export function joinNotebook(element, token) {
  const heard = new Set();
  const post = (/** @type {any} */ message) => parent.postMessage({ ...message, layerw: token }, '*'); // the token is its secret
  addEventListener('message', ({ data, source }) => {
    if (source !== parent || data?.layerw !== token) return;
    if (data.type === 'send') element.send(data.name, values(data.value));
    if (data.type !== 'listen') return;
    for (const name of data.names) {
      if (heard.has(name)) continue;
      heard.add(name);
      element.addEventListener(name, (/** @type {CustomEvent} */ event) => {
        post({ type: 'event', name, value: shaped(event.detail) });
      });
    }
  });
  post({ type: 'hello' });
}
