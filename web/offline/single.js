/**
 * The script of a single-file export (`layerw export --single`): every file of the export lies in this one, and is found
 * under BASE, an address that does not exist.
 *
 * Owns: blob addresses for the files; the import map; fetch() and synchronous requests below BASE, here and in the
 * engine's workers. tools/single.py wrote the addresses into the modules.
 * Limits: Python runs on the page's thread, since workers read no import map; no service worker, no strict policy.
 */
const BASE = 'https://single.layerw.invalid/';
const TYPES = /** @type {Record<string, string>} */ ({ js: 'text/javascript', mjs: 'text/javascript', wasm: 'application/wasm', json: 'application/json', svg: 'image/svg+xml', png: 'image/png' });
const files = /** @type {HTMLElement} */ (document.getElementById('layerw-files'));
const bar = document.getElementById('layerw-loading');

const packed = Uint8Array.from(atob((files.textContent ?? '').trim()), (c) => c.charCodeAt(0));
const whole = new Uint8Array(await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer());
files.remove();
const head = new DataView(whole.buffer).getUint32(0, true);
/** @type {[name: string, size: number][]} */
const index = JSON.parse(new TextDecoder().decode(whole.subarray(4, 4 + head)));
/** @type {Map<string, Uint8Array<ArrayBuffer>>} */
const bytes = new Map();
/** @type {Record<string, string>} */
const blobs = {};
let at = 4 + head;
for (const [name, size] of index) {
  const part = whole.subarray(at, at + size);
  at += size;
  bytes.set(BASE + name, part);
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
  blobs[BASE + name] = URL.createObjectURL(new Blob([part], { type }));
}

/** Runs here and, as text, in each worker. @param {string} base @param {Record<string, string>} addresses */
function redirect(base, addresses) {
  const plain = (/** @type {RequestInfo | URL} */ url) => String(url instanceof Request ? url.url : url).split(/[?#]/)[0];
  const native = globalThis.fetch;
  globalThis.fetch = (input, init) => {
    const url = plain(input);
    if (!url.startsWith(base)) return native(input, init);
    if (addresses[url] === undefined) return Promise.resolve(new Response('', { status: 404, statusText: 'Not in this file' }));
    return init?.method === 'HEAD' ? Promise.resolve(new Response(null)) : native(addresses[url], { ...init, integrity: '' });
  };
  const { open } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (/** @type {string} */ method, /** @type {string | URL} */ url, /** @type {boolean} */ asynchronous = true) {
    return open.call(this, method, addresses[plain(url)] ?? url, asynchronous);
  };
  Reflect.set(globalThis, 'layerwImport', (/** @type {string} */ url) => import(addresses[url] ?? url));
}
redirect(BASE, blobs);

/** Modules for workers, each with all that it imports: workers read no import map. */
/** @type {Map<string, string>} */
const forWorkers = new Map();

/** @param {string} url @returns {string} */
function workerModule(url) {
  if (!forWorkers.has(url)) {
    const text = new TextDecoder().decode(bytes.get(url))
      .replaceAll(/(\bfrom\s*|\bimport\s*)'(https:\/\/single\.layerw\.invalid\/[^']+)'/g, (_, word, address) => `${word}'${workerModule(address)}'`)
      .replaceAll(/\bimport\(/g, 'layerwImport(');
    forWorkers.set(url, URL.createObjectURL(new Blob([text], { type: 'text/javascript' })));
  }
  return /** @type {string} */ (forWorkers.get(url));
}
Reflect.set(globalThis, 'layerwWorker', (/** @type {string} */ url) => {
  const prelude = new Blob([`(${redirect})(${JSON.stringify(BASE)}, ${JSON.stringify(blobs)});`], { type: 'text/javascript' });
  const entry = `import '${URL.createObjectURL(prelude)}';\nimport '${workerModule(url)}';`;
  return URL.createObjectURL(new Blob([entry], { type: 'text/javascript' }));
});

const map = document.createElement('script');
map.type = 'importmap';
map.textContent = JSON.stringify({ imports: Object.fromEntries(Object.entries(blobs).filter(([url]) => /\.m?js$/.test(url))) });
document.head.append(map);
bar?.remove();
await import(`${BASE}web/page/index.js`);

export {};
