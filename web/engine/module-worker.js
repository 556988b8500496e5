/**
 * Starts module workers.
 *
 * Owns: that a script of another origin works too: the browser refuses it as a worker, but a blob worker may import it.
 */
const REVOKE_MS = 60_000; // the worker reads the blob after the constructor returned

/** @param {URL} url of the script @param {string} name shown in developer tools @returns {Worker} */
export function makeWorker(url, name) {
  /** @type {((url: string) => string) | undefined} of a single-file export: offline/single.js */
  const single = Reflect.get(globalThis, 'layerwWorker');
  if (single !== undefined) return new Worker(single(url.href), { type: 'module', name });
  if (url.origin === globalThis.location?.origin) return new Worker(url, { type: 'module', name });
  const source = new Blob([`import ${JSON.stringify(url.href)};`], { type: 'text/javascript' });
  const blobUrl = URL.createObjectURL(source);
  try {
    return new Worker(blobUrl, { type: 'module', name });
  } finally {
    setTimeout(() => URL.revokeObjectURL(blobUrl), REVOKE_MS);
  }
}
