/**
 * The custom element: `<layer-w src="app.py" backend="auto" thread="worker" runtime="URL">`.
 *
 * Owns: attributes to options, and one Host while the element is in a page.
 * Does not: know canvas, worker or Python (host.js does).
 * Limits: `src` with a slash is an address (its folder needs a manifest.json); without one it is a file of the
 * app folder that this script's server serves.
 */
import { Host } from './page/host.js';

const BASE_URL = new URL('./', import.meta.url).href;
const DECODE_WORKERS_MAX = 4;

/** @typedef {import('./types.js').EngineOptions} EngineOptions */

/** Runs a Python program in its box on the page. */
export class LayerW extends HTMLElement {
  /** @type {Host | null} */
  host = null;
  #root = this.attachShadow({ mode: 'open' });

  connectedCallback() {
    this.start();
  }

  disconnectedCallback() {
    this.stop();
  }

  /** Starts the program, from nothing. */
  start() {
    this.stop();
    this.host = new Host(this, this.#root, this.#options());
  }

  /** Ends the program: workers, GPU objects, listeners. @returns {Promise<boolean>} see Host.destroy */
  stop() {
    const ended = this.host?.destroy() ?? Promise.resolve(true);
    this.host = null;
    this.#root.replaceChildren();
    return ended;
  }

  /** Messages of everything that went wrong since the start. */
  get errors() {
    return this.host?.errors ?? [];
  }

  /** Resolves when a run with `frames` is over. */
  get finished() {
    return this.host?.finished;
  }

  #options() {
    const { appUrl, program } = this.#app();
    const folder = (/** @type {string} */ name, /** @type {string} */ base) => {
      const value = this.getAttribute(name);
      return value === null ? new URL(base, BASE_URL).href : new URL(withSlash(value), document.baseURI).href;
    };
    return {
      baseUrl: BASE_URL,
      runtimeUrl: folder('runtime', '../runtime/'),
      engineUrl: new URL('../engine/layerw.zip', BASE_URL).href,
      kernelsUrl: folder('kernels', '../kernels/'),
      appUrl,
      program,
      backend: this.#choice('backend', /** @type {const} */ (['auto', 'webgpu', 'webgl2', 'null'])),
      thread: this.#choice('thread', /** @type {const} */ (['worker', 'main'])),
      clock: this.#choice('clock', /** @type {const} */ (['real', 'virtual'])),
      frames: this.#count('frames'),
      settled: this.hasAttribute('settled'),
      isolated: globalThis.crossOriginIsolated === true,
      navigationMs: performance.timeOrigin,
      decodeWorkers: Math.min(DECODE_WORKERS_MAX, Math.max(1, navigator.hardwareConcurrency - 1)),
      query: Object.fromEntries(new URLSearchParams(this.getAttribute('query') ?? '')),
      budgets: /** @type {Record<string, number> | null} */ (JSON.parse(this.getAttribute('budgets') ?? 'null')),
    };
  }

  /** Where the program's folder is, and which file of it runs. */
  #app() {
    const src = this.getAttribute('src') ?? '';
    if (!src.includes('/')) return { appUrl: new URL('../app/', BASE_URL).href, program: src };
    const url = new URL(src, document.baseURI);
    const program = url.pathname.slice(url.pathname.lastIndexOf('/') + 1);
    return { appUrl: new URL('./', url).href, program };
  }

  /**
   * @template {string} T
   * @param {string} name
   * @param {readonly T[]} values the first is the default
   * @returns {T}
   */
  #choice(name, values) {
    const value = this.getAttribute(name) ?? values[0];
    const found = values.find((one) => one === value);
    if (found === undefined) console.warn(`<layer-w ${name}="${value}"> is none of ${values.join(', ')}: ${values[0]}.`);
    return found ?? values[0];
  }

  /** @param {string} name */
  #count(name) {
    const value = Number(this.getAttribute(name) ?? 0);
    return Number.isSafeInteger(value) && value > 0 ? value : 0;
  }
}

/** @param {string} url */
function withSlash(url) {
  return url.endsWith('/') ? url : `${url}/`;
}

if (customElements.get('layer-w') === undefined) customElements.define('layer-w', LayerW);
