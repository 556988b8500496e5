/**
 * Attributes of the element: their names, what a change of each does, their properties, and the options they give.
 *
 * Owns: defaults, and a sentence for each value that is none. Does not: start anything.
 * Limits: `src` with a slash is an address (its folder needs a manifest.json); without one it is a file of the
 * app folder that the element's script is served with.
 */

import { takeKept } from './kept.js';

/** @typedef {import('../types.js').EngineOptions} EngineOptions */
/** @typedef {Omit<EngineOptions, 'width' | 'height' | 'pixelRatio'>} ElementOptions */

const BASE_URL = new URL('../', import.meta.url).href;
const DECODE_WORKERS_MAX = 4;

/** A change of one of these starts the program again. */
export const STARTING = ['src', 'backend', 'thread', 'query', 'budgets', 'runtime', 'kernels', 'clock', 'quality', 'sound', 'frames', 'settled'];
/** A change of one of these takes effect at once. */
export const LIVE = ['wheel', 'poster', 'loading'];

/** The first is the default. */
const CHOICES = Object.freeze({
  backend: /** @type {const} */ (['auto', 'webgpu', 'webgl2', 'null']),
  thread: /** @type {const} */ (['worker', 'main']),
  clock: /** @type {const} */ (['real', 'virtual']),
  quality: /** @type {const} */ (['auto', 'low', 'medium', 'high']),
  sound: /** @type {const} */ (['on', 'off', 'record']),
  wheel: /** @type {const} */ (['auto', 'program', 'page']),
  loading: /** @type {const} */ (['eager', 'lazy']),
});

/** @typedef {typeof CHOICES} Choices */

/**
 * @template {keyof Choices} Name
 * @param {Element} element
 * @param {Name} name
 * @returns {Choices[Name][number]} the attribute's value, or the default with a warning where it is none of them
 */
export function choice(element, name) {
  const values = /** @type {readonly string[]} */ (CHOICES[name]);
  const value = element.getAttribute(name) ?? values[0];
  const found = values.includes(value) ? value : values[0];
  if (found !== value) console.warn(`<layer-w ${name}="${value}"> is none of ${values.join(', ')}: ${values[0]}.`);
  return /** @type {any} */ (found);
}

/**
 * What the element's attributes ask for.
 * @param {Element} element
 * @returns {ElementOptions}
 * @throws {Error} with a sentence for the person in front of the page
 */
export function readOptions(element) {
  const { appUrl, program } = appOf(element.getAttribute('src') ?? '');
  const folder = (/** @type {string} */ name, /** @type {string} */ base) => {
    const value = element.getAttribute(name);
    return value === null ? new URL(base, BASE_URL).href : new URL(withSlash(value), document.baseURI).href;
  };
  return {
    baseUrl: BASE_URL,
    runtimeUrl: folder('runtime', '../runtime/'),
    engineUrl: new URL('../engine/layerw.zip', BASE_URL).href,
    kernelsUrl: folder('kernels', '../kernels/'),
    appUrl,
    program,
    text: /** @type {import('../layer-w.js').LayerW} */ (element).text ?? null,
    backend: choice(element, 'backend'),
    thread: choice(element, 'thread'),
    threadNote: '',
    clock: choice(element, 'clock'),
    quality: choice(element, 'quality'),
    sound: choice(element, 'sound'),
    frames: count(element.getAttribute('frames')),
    settled: element.hasAttribute('settled'),
    isolated: globalThis.crossOriginIsolated === true,
    navigationMs: performance.timeOrigin,
    decodeWorkers: Math.min(DECODE_WORKERS_MAX, Math.max(1, (navigator.hardwareConcurrency || 2) - 1)),
    query: Object.fromEntries(new URLSearchParams(element.getAttribute('query') ?? '')),
    budgets: readBudgets(element.getAttribute('budgets')),
    kept: takeKept(appUrl),
  };
}

/** @param {string} src where the program's folder is, and which file of it runs */
function appOf(src) {
  if (!src.includes('/')) return { appUrl: new URL('../app/', BASE_URL).href, program: src };
  const url = new URL(src, document.baseURI);
  const program = url.pathname.slice(url.pathname.lastIndexOf('/') + 1);
  return { appUrl: new URL('./', url).href, program };
}

/** @param {string | null} text JSON: MiB by name @returns {Record<string, number> | null} */
function readBudgets(text) {
  if (text === null) return null;
  const help = 'it is a JSON object of MiB by name, for example {"gpu_mib": 256}';
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`The budgets ${JSON.stringify(text)} are no JSON (${/** @type {Error} */ (error).message}); ${help}.`);
  }
  if (value === null) return null;
  if (typeof value !== 'object' || Array.isArray(value)) throw new Error(`The budgets are ${text}; ${help}.`);
  for (const [name, mib] of Object.entries(value)) {
    if (typeof mib !== 'number') throw new Error(`The budget ${name} is ${JSON.stringify(mib)}, no number; ${help}.`);
  }
  return value;
}

/** @param {string | null} text */
function count(text) {
  const value = Number(text ?? 0);
  return Number.isSafeInteger(value) && value > 0 ? value : 0;
}

/** @param {string} url */
function withSlash(url) {
  return url.endsWith('/') ? url : `${url}/`;
}

/**
 * Gives a class a property for each attribute. Names: as the attribute's.
 * `frames` is a number, `settled` a boolean, `budgets` an object or null; the others are strings.
 * @param {typeof HTMLElement} Class
 */
export function defineProperties(Class) {
  for (const name of [...STARTING, ...LIVE]) {
    Object.defineProperty(Class.prototype, name, {
      configurable: true,
      enumerable: true,
      /** @this {HTMLElement} */
      get() {
        return fromText(name, this.getAttribute(name));
      },
      /** @this {HTMLElement} @param {unknown} value */
      set(value) {
        const text = toText(name, value);
        if (text === null) this.removeAttribute(name);
        else this.setAttribute(name, text);
      },
    });
  }
}

/** @param {string} name @param {string | null} text */
function fromText(name, text) {
  if (name === 'settled') return text !== null;
  if (name === 'frames') return count(text);
  if (name === 'budgets') return text === null ? null : JSON.parse(text);
  if (name in CHOICES) {
    const values = /** @type {readonly string[]} */ (CHOICES[/** @type {keyof Choices} */ (name)]);
    return text !== null && values.includes(text) ? text : values[0];
  }
  return text ?? '';
}

/** @param {string} name @param {unknown} value @returns {string | null} null: the attribute goes */
function toText(name, value) {
  if (value === null || value === undefined || value === false) return null;
  if (name === 'settled') return '';
  if (name === 'budgets' && typeof value === 'object') return JSON.stringify(value);
  if (name === 'query' && typeof value === 'object') {
    return new URLSearchParams(/** @type {Record<string, string>} */ (value)).toString();
  }
  return String(value);
}

/**
 * A property that was set before the class was known hides the class's own: set it again.
 * @param {HTMLElement} element
 */
export function upgradeProperties(element) {
  for (const name of [...STARTING, ...LIVE, 'text']) {
    if (!Object.hasOwn(element, name)) continue;
    const value = Reflect.get(element, name);
    Reflect.deleteProperty(element, name);
    Reflect.set(element, name, value);
  }
}
