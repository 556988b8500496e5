/**
 * The custom element: `<layer-w src="app.py" backend="auto" thread="worker" poster="URL" loading="lazy">`; see
 * docs/element.md.
 *
 * Owns: when a program starts and ends: in the page, in view (loading="lazy"), again when an attribute changed, not
 * when the element is only moved; one Host meanwhile; the poster.
 * Does not: know canvas, worker or Python (page/host.js does).
 */
import { LIVE, STARTING, defineProperties, upgradeProperties } from './page/attributes.js';
import { Host } from './page/host.js';
import { addElementStyle } from './page/notices.js';
import { PageTextures } from './page/textures.js';

/** One who moves an element by hand takes it out and puts it back; a program lives that long without its page. */
const MOVE_MS_MAX = 100;
const LAZY_MARGIN = '200px';
const QUEUED_MAX = 1024;

/** Runs a Python program in its box on the page. */
export class LayerW extends HTMLElement {
  static observedAttributes = [...STARTING, ...LIVE];

  /** @type {Host | null} */
  host = null;
  /** What the page shows to textures of the program, by name. */
  textures = new PageTextures();
  #root = this.attachShadow({ mode: 'open' });
  #poster = document.createElement('img');
  /** What was sent before the start. @type {[string, unknown][]} */
  #unsent = [];
  /** @type {IntersectionObserver | null} */
  #lazy = null;
  /** @type {string | null} */
  #text = null;
  #leaving = 0;
  #changed = false;

  constructor() {
    super();
    addElementStyle(this.#root);
    this.#poster.className = 'poster';
    this.#poster.part.add('poster');
    this.#poster.alt = '';
  }

  connectedCallback() {
    upgradeProperties(this);
    const moved = this.#leaving !== 0;
    clearTimeout(this.#leaving);
    this.#leaving = 0;
    if (moved && this.host !== null) return this.host.moved();
    this.#showPoster();
    if (this.getAttribute('loading') === 'lazy' && 'IntersectionObserver' in globalThis) this.#startInView();
    else this.start();
  }

  disconnectedCallback() {
    this.host?.leaving();
    this.#lazy?.disconnect();
    this.#leaving = setTimeout(() => {
      this.#leaving = 0;
      this.stop();
    }, MOVE_MS_MAX);
  }

  /** moveBefore() calls this instead of the two above. */
  connectedMoveCallback() {
    this.host?.moved();
  }

  /** @param {string} name @param {string | null} before @param {string | null} after */
  attributeChangedCallback(name, before, after) {
    if (before === after) return;
    if (name === 'poster') this.#showPoster();
    else if (name === 'loading') this.#loadingChanged();
    else if (STARTING.includes(name)) this.#restartSoon();
  }

  /** Starts the program, from nothing. */
  start() {
    const focused = this.#root.activeElement !== null;
    this.stop();
    this.#changed = false;
    const host = new Host(this, this.#root, this.textures, focused);
    this.host = host;
    for (const [name, value] of this.#unsent.splice(0)) host.send(name, value);
    this.#showPoster();
    host.ready.then(() => host === this.host && this.#poster.remove(), () => {});
  }

  /** Ends the program: workers, GPU objects, listeners. @returns {Promise<boolean>} see Host.destroy */
  stop() {
    this.#lazy?.disconnect();
    this.#lazy = null;
    const ended = this.host?.destroy() ?? Promise.resolve(true);
    this.host = null;
    this.#root.replaceChildren();
    return ended;
  }

  /**
   * Sends a value to the program: `app.page.on(name, function)` takes it. Before the start it waits.
   * @param {string} name
   * @param {unknown} [value] JSON-like, and typed arrays (numpy arrays there); a copy
   * @throws {TypeError} naming the place of what can't be sent
   */
  send(name, value = null) {
    if (this.host !== null) return this.host.send(name, value);
    if (this.#unsent.length >= QUEUED_MAX) {
      throw new RangeError(`${QUEUED_MAX} messages wait for the program of <layer-w>, which was not started.`);
    }
    this.#unsent.push([name, value]);
  }

  /** The program's text, in place of the file's that `src` names; null: the file's own. A change starts it again. */
  get text() {
    return this.#text;
  }

  set text(value) {
    const text = value === null || value === undefined ? null : String(value);
    if (text === this.#text) return;
    this.#text = text;
    this.#restartSoon();
  }

  /** Messages of everything that went wrong since the start. */
  get errors() {
    return this.host?.errors ?? [];
  }

  /** The newest report of the engine, or null. */
  get report() {
    return this.host?.report ?? null;
  }

  /** Resolves with the element when the first frame is on the screen; rejects where the program can't start. */
  get ready() {
    return this.host === null ? Promise.reject(new Error('The program of <layer-w> was not started.')) : this.host.ready.then(() => this);
  }

  /** Resolves when a run with `frames` is over. */
  get finished() {
    return this.host?.finished;
  }

  #startInView() {
    this.#lazy = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) this.start();
    }, { rootMargin: LAZY_MARGIN });
    this.#lazy.observe(this);
  }

  #loadingChanged() {
    if (this.#lazy !== null && this.getAttribute('loading') !== 'lazy') this.start();
  }

  /** Several changes in one task are one start. */
  #restartSoon() {
    if (this.host === null || this.#changed) return;
    this.#changed = true;
    queueMicrotask(() => {
      if (this.#changed && this.host !== null) this.start();
    });
  }

  /** The picture until the first frame: above the canvas, below progress and errors. */
  #showPoster() {
    const url = this.getAttribute('poster');
    if (url === null || this.host?.drawn) return this.#poster.remove();
    this.#poster.src = url;
    if (this.host === null) this.#root.prepend(this.#poster);
    else this.host.notices.stage.after(this.#poster);
  }
}

defineProperties(LayerW);
if (customElements.get('layer-w') === undefined) customElements.define('layer-w', LayerW);
