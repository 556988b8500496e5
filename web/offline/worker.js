/**
 * An export's service worker: the second visit needs no network. `sw.js` beside index.html, which `layerw export` writes,
 * says which files there are and reads this.
 *
 * Owns: one cache for each version of the export, filled after the first frame, checked by SHA-256 file by file; what an
 * older version has already is taken from there. Versions never mix: a new one waits until nobody plays the old one
 * (page/offline.js lets it in at the next start).
 * Limits: files beyond the export's PRECACHE are kept when they are first used. Other hosts' files are not kept.
 */

/**
 * @typedef {[size: number, sha256: string, gz: 0 | 1, early: 0 | 1]} Listed early: kept before it is used
 * @typedef {Event & {waitUntil: (promise: Promise<unknown>) => void}} Extendable
 * @typedef {Extendable & {request: Request, respondWith: (answer: Promise<Response>) => void}} Fetching
 * @typedef {{postMessage: (message: unknown) => void}} Client
 * @typedef {{LAYERW_EXPORT: {version: string, files: Record<string, Listed>}, registration: ServiceWorkerRegistration,
 *   skipWaiting: () => Promise<void>, clients: {claim: () => Promise<void>, matchAll: (options: object) => Promise<Client[]>},
 *   addEventListener: (type: string, listener: (event: any) => void) => void}} Scope
 */
const worker = /** @type {Scope} */ (/** @type {unknown} */ (globalThis));
const { version: VERSION, files: FILES } = worker.LAYERW_EXPORT;
const BASE = worker.registration.scope;
const PREFIX = `layerw ${BASE} `;
const SUM = 'x-layerw-sha256'; // of the bytes; engine/packed.js knows it
const AT_ONCE = 4;
const TYPES = /** @type {Record<string, string>} */ ({
  js: 'text/javascript', mjs: 'text/javascript', wasm: 'application/wasm', html: 'text/html', css: 'text/css',
  json: 'application/json', webmanifest: 'application/manifest+json', svg: 'image/svg+xml', png: 'image/png',
  jpg: 'image/jpeg', jpeg: 'image/jpeg', webp: 'image/webp', ogg: 'audio/ogg', mp3: 'audio/mpeg', wav: 'audio/wav',
});

worker.addEventListener('install', (/** @type {Extendable} */ event) => event.waitUntil(install()));
worker.addEventListener('activate', (/** @type {Extendable} */ event) => event.waitUntil(activate()));
worker.addEventListener('message', ({ data }) => {
  if (data === 'take over') worker.skipWaiting();
});
worker.addEventListener('fetch', (/** @type {Fetching} */ event) => {
  const name = nameOf(event.request);
  if (name !== '') event.respondWith(answer(event.request, name));
});

async function install() {
  try {
    const cache = await caches.open(PREFIX + VERSION);
    const waiting = Object.keys(FILES).filter((name) => FILES[name][3] === 1);
    const total = waiting.reduce((sum, name) => sum + FILES[name][0], 0);
    const lane = async () => {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) await keep(cache, name);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    await tell('note', `The next visit needs no network: ${(total / 1e6).toFixed(1)} MB are kept.`);
  } catch (error) {
    await caches.delete(PREFIX + VERSION);
    await tell('warning', `Nothing is kept for a visit without a network: ${reason(error)}`);
    throw error;
  }
}

/** @param {unknown} error */
function reason(error) {
  const full = error instanceof Error && error.name === 'QuotaExceededError';
  return full ? 'the browser has no more room for this site. Free some on the disk, or clear this site\'s data.' : String(error);
}

/** @param {'note' | 'warning'} level @param {string} text */
async function tell(level, text) {
  const clients = await worker.clients.matchAll({ includeUncontrolled: true, type: 'window' });
  for (const client of clients) client.postMessage({ layerw: 'offline', level, text });
}

async function activate() {
  const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== PREFIX + VERSION);
  await Promise.all(old.map((name) => caches.delete(name)));
  await worker.clients.claim();
}

/** @param {Cache} cache @param {string} name */
async function keep(cache, name) {
  const url = urlOf(name);
  if (await cache.match(url)) return;
  const older = await caches.match(url);
  const same = older?.headers.get(SUM) === FILES[name][1] ? older : undefined;
  await cache.put(url, same ?? await fetched(name));
}

/** A file as it was exported. @param {string} name @returns {Promise<Response>} */
async function fetched(name) {
  const [, sum] = FILES[name];
  for (const fresh of [false, true]) {
    const bytes = await bytesOf(name, fresh);
    if (await sha256(bytes) === sum) return new Response(bytes, { headers: { 'content-type': typeOf(name), [SUM]: sum } });
  }
  throw new Error(`${urlOf(name)} is not the file that this export has; a newer export may just be arriving there`);
}

/**
 * What the page has fetched comes out of the browser's own cache: the .gz, where it took that one.
 * @param {string} name @param {boolean} fresh past the browser's cache
 */
async function bytesOf(name, fresh) {
  const url = urlOf(name);
  if (FILES[name][2] === 1 && !fresh) {
    const near = await fetch(`${url}.gz`, { cache: 'only-if-cached', mode: 'same-origin' }).catch(() => null);
    if (near?.ok) return inflated(await near.arrayBuffer());
  }
  const response = await fetch(url, { cache: fresh ? 'reload' : 'no-cache' });
  if (!response.ok) throw new Error(`${url} answered ${response.status} ${response.statusText}`);
  if (FILES[name][2] === 0 || response.headers.has('content-encoding')) return response.arrayBuffer();
  response.body?.cancel().catch(() => {});
  const packed = await fetch(`${url}.gz`, { cache: fresh ? 'reload' : 'no-cache' });
  return packed.ok ? inflated(await packed.arrayBuffer()) : (await fetch(url)).arrayBuffer();
}

/** @param {ArrayBuffer} bytes of a .gz, which the browser may have inflated @returns {Promise<ArrayBuffer>} */
function inflated(bytes) {
  const head = new Uint8Array(bytes, 0, Math.min(2, bytes.byteLength));
  if (head[0] !== 0x1f || head[1] !== 0x8b) return Promise.resolve(bytes);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
}

/** @param {ArrayBuffer} bytes */
async function sha256(bytes) {
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(sum, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The export's file that a request means; '' where it means none. @param {Request} request */
function nameOf(request) {
  const { origin, pathname, href } = new URL(request.url);
  if (!['GET', 'HEAD'].includes(request.method) || !href.startsWith(BASE)) return '';
  const name = decodeURIComponent((origin + pathname).slice(BASE.length)) || 'index.html';
  return Object.hasOwn(FILES, name) ? name : '';
}

/** @param {string} name */
const urlOf = (name) => BASE + name.split('/').map(encodeURIComponent).join('/');

/** @param {string} name */
const typeOf = (name) => TYPES[name.slice(name.lastIndexOf('.') + 1).toLowerCase()] ?? 'application/octet-stream';

/** @param {Request} request @param {string} name */
async function answer(request, name) {
  const cache = await caches.open(PREFIX + VERSION);
  const found = await cache.match(urlOf(name));
  if (found === undefined) return fetchedOnce(cache, request, name);
  if (request.method === 'HEAD') return new Response(null, { headers: found.headers });
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get('range') ?? '');
  return range === null ? found : part(found, Number(range[1]), range[2]);
}

/** A file that is kept from its first use on. @param {Cache} cache @param {Request} request @param {string} name */
async function fetchedOnce(cache, request, name) {
  if (request.method === 'HEAD' || request.headers.has('range')) return fetch(request);
  const response = await fetch(request);
  if (!response.ok || response.status !== 200) return response;
  const bytes = await response.arrayBuffer();
  const whole = () => new Response(bytes, { headers: { 'content-type': response.headers.get('content-type') ?? typeOf(name) } });
  if (await sha256(bytes) === FILES[name][1]) {
    const kept = new Response(bytes, { headers: { 'content-type': typeOf(name), [SUM]: FILES[name][1] } });
    await cache.put(urlOf(name), kept).catch((error) => tell('warning', `${name} is not kept for a visit without a network: ${reason(error)}`));
  }
  return whole();
}

/** @param {Response} found @param {number} start @param {string} end */
async function part(found, start, end) {
  const bytes = await found.arrayBuffer();
  const stop = Math.min(end === '' ? bytes.byteLength : Number(end) + 1, bytes.byteLength);
  if (start >= stop) return new Response(null, { status: 416, headers: { 'content-range': `bytes */${bytes.byteLength}` } });
  return new Response(bytes.slice(start, stop), { status: 206, headers: {
    'content-type': found.headers.get('content-type') ?? '', 'content-range': `bytes ${start}-${stop - 1}/${bytes.byteLength}` } });
}
