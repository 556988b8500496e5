/**
 * Hears when the browser refuses Pyodide's WebAssembly: Pyodide itself only warns in the console and waits for ever.
 *
 * Owns: `WebAssembly.instantiateStreaming` while a watch is open; it does what it did, for everybody. Nothing else of
 * Pyodide 314 can be heard or replaced without a second download of 10 MB.
 */

/** @type {Set<{url: string, fail: (error: unknown) => void}>} */
const watches = new Set();
const { instantiateStreaming } = WebAssembly;

/** @param {Response | PromiseLike<Response>} source @param {WebAssembly.Imports} [imports] */
async function heard(source, imports) {
  try {
    return await instantiateStreaming.call(WebAssembly, source, imports);
  } catch (error) {
    const url = await Promise.resolve(source).then((response) => response.url, () => '');
    for (const watch of watches) if (url === '' || url === watch.url) watch.fail(error);
    throw error;
  }
}

/**
 * @param {string} url absolute
 * @param {(error: unknown) => Error} told what the error means
 * @returns {{failed: Promise<never>, end: () => void}} `failed` only ever rejects
 */
export function watchWasm(url, told) {
  /** @type {(error: Error) => void} */
  let reject;
  const failed = /** @type {Promise<never>} */ (new Promise((_, no) => (reject = no)));
  failed.catch(() => {});
  const watch = { url, fail: (/** @type {unknown} */ error) => reject(told(error)) };
  watches.add(watch);
  WebAssembly.instantiateStreaming = heard;
  const end = () => {
    watches.delete(watch);
    if (watches.size === 0 && WebAssembly.instantiateStreaming === heard) WebAssembly.instantiateStreaming = instantiateStreaming;
  };
  return { failed, end };
}
