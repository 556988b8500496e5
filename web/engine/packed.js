/**
 * Files of the runtime from hosts that send them as they lie there: NAME.gz is fetched and inflated here.
 *
 * Owns: the choice, by the answer's own Content-Encoding; the type of WebAssembly that a host calls text; and `fetch` of
 * this thread while Python starts, because Pyodide asks for its files itself.
 * Does not: know what is there; an export's pyodide-lock.json lists it under `layerw.gz`. Elsewhere nothing changes.
 */

/** @typedef {{gz?: Record<string, [size: number, gzipped: number]>, start?: string[]}} Packed start: what every start fetches */

/** An answer is whole where it travelled encoded, or comes from offline/worker.js. */
const WHOLE = ['content-encoding', 'x-layerw-sha256'];
const GZIP = [0x1f, 0x8b];
const native = globalThis.fetch;

/** One folder whose files may have a smaller form. */
export class PackedFolder {
  /** @type {Promise<Packed> | null} */
  #packed = null;
  /** Bytes that have arrived, as .gz, by name. @type {Map<string, number>} */
  #arrived = new Map();

  /**
   * @param {string} url ends with /
   * @param {(done: number, total: number) => void} [progress] bytes of what a start fetches; only where the lock file lists that
   */
  constructor(url, progress = () => {}) {
    this.url = new URL(url, globalThis.location?.href).href;
    this.progress = progress;
  }

  /** What the folder's lock file says of smaller forms. @returns {Promise<Packed>} */
  packed() {
    this.#packed ??= native(`${this.url}pyodide-lock.json`)
      .then((response) => response.json()).then(({ layerw }) => layerw ?? {}, () => ({}));
    return this.#packed;
  }

  /**
   * As fetch().
   * @param {string} name of a file in the folder
   * @param {RequestInit} [init]
   * @returns {Promise<Response>}
   */
  async fetch(name, init) {
    if (init?.method === 'HEAD') return native(this.url + name, init);
    const { gz } = await (init?.integrity ? this.packed() : {});
    // A browser that is to check a sum gives nothing before the last byte: then it is checked here.
    const sum = gz?.[name] === undefined ? '' : /** @type {string} */ (init?.integrity);
    const response = await this.#answer(name, sum === '' ? init : { ...init, integrity: '' });
    return sum === '' ? response : checked(response, sum, this.url + name);
  }

  /** @param {string} name @param {RequestInit} [init] */
  async #answer(name, init) {
    const response = await native(this.url + name, init);
    if (!response.ok || WHOLE.some((header) => response.headers.has(header))) return typed(response, name);
    const { gz } = await this.packed();
    if (gz?.[name] === undefined) return typed(response, name);
    response.body?.cancel().catch(() => {}); // little of it has arrived
    const smaller = await native(`${this.url}${name}.gz`).catch(() => null);
    if (!smaller?.ok || smaller.body === null) return typed(await native(this.url + name, init), name);
    return new Response(await inflated(smaller.body, (bytes) => this.#count(name, (this.#arrived.get(name) ?? 0) + bytes)), { headers: { 'content-type': typeOf(name) } });
  }

  /** Files that the browser decodes are counted when they are whole: to look at their bytes would cost its code cache. */
  #watch() {
    if (!globalThis.PerformanceObserver) return null;
    const observer = new PerformanceObserver((list) => list.getEntries().forEach(({ name: url }) => this.#whole(url.slice(this.url.length))));
    observer.observe({ type: 'resource', buffered: true });
    return observer;
  }

  /** @param {string} name */
  async #whole(name) {
    const { gz } = await this.packed();
    if (gz?.[name] !== undefined && !this.#arrived.has(name)) this.#count(name, gz[name][1]);
  }

  /** @param {string} name @param {number} bytes */
  async #count(name, bytes) {
    this.#arrived.set(name, bytes);
    const { gz = {}, start = [] } = await this.packed();
    const sizes = start.filter((one) => one in gz).map((one) => [gz[one][1], Math.min(this.#arrived.get(one) ?? 0, gz[one][1])]);
    if (sizes.length > 0) this.progress(sizes.reduce((sum, [, done]) => sum + done, 0), sizes.reduce((sum, [size]) => sum + size, 0));
  }

  /** Takes over this thread's fetch() for the folder. @returns {() => void} gives it back */
  listen() {
    const before = globalThis.fetch;
    const mine = (/** @type {RequestInfo | URL} */ input, /** @type {RequestInit | undefined} */ init) => {
      const url = new URL(input instanceof Request ? input.url : input, location.href).href;
      const name = url.startsWith(this.url) ? url.slice(this.url.length) : '';
      return name === '' || name.includes('/') ? before(input, init) : this.fetch(name, init);
    };
    globalThis.fetch = mine;
    const watch = this.#watch();
    return () => {
      watch?.disconnect();
      if (globalThis.fetch === mine) globalThis.fetch = before;
    };
  }
}

/** @param {string} name */
const typeOf = (name) => (name.endsWith('.wasm') ? 'application/wasm' : 'application/octet-stream');

/**
 * As fetch() does with `integrity`, where the page may hash at all.
 * @param {Response} response @param {string} sum sha256-... @param {string} url
 */
async function checked(response, sum, url) {
  const bytes = await response.arrayBuffer();
  if (globalThis.crypto?.subtle) {
    const found = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    if (`sha256-${btoa(String.fromCharCode(...found))}` !== sum) throw new TypeError(`${url} is not the file that this export has`);
  }
  return new Response(bytes, { status: response.status, headers: { 'content-type': 'application/octet-stream' } });
}

/** The answer, with the type that WebAssembly needs to be compiled while it arrives. @param {Response} response @param {string} name */
function typed(response, name) {
  if (!response.ok) return response;
  const type = response.headers.get('content-type') ?? '';
  if (!name.endsWith('.wasm') || type.startsWith('application/wasm')) return response;
  return new Response(response.body, { status: response.status, headers: { 'content-type': 'application/wasm' } });
}

/**
 * The bytes of a .gz: some hosts say that it is encoded, and the browser inflates it before we see it.
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} body
 * @param {(bytes: number) => void} arrived
 * @returns {Promise<ReadableStream<Uint8Array>>}
 */
async function inflated(body, arrived) {
  const reader = body.getReader();
  const first = await reader.read();
  arrived(first.value?.length ?? 0);
  const whole = new ReadableStream({
    start: (controller) => (first.done ? controller.close() : controller.enqueue(first.value)),
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) return controller.close();
      arrived(value.length);
      controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  const isGzip = GZIP.every((byte, at) => first.value?.[at] === byte);
  return isGzip ? whole.pipeThrough(new DecompressionStream('gzip')) : whole;
}
