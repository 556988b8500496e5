// @ts-check
/**
 * @file The key that opens the inspector, and whether it is open from the start.
 *
 * Owns: that key, the token for writing into the source, and the last lines that the program said. Does not: know what
 * the inspector shows: web/inspector is fetched when it is first opened, and exports have nothing of either.
 */
export const INSPECTOR_KEY = 'F9';
const SAID_MAX = 500;
const TEXT_MAX = 2000;
const MESSAGE = 5; // beside the levels of base/log.py
const OPEN = 'layerw inspector'; // of this tab: a page that starts anew has it open again
const TOKEN = 'layerw inspector token';
const MARK = '#inspect=';

/** @typedef {{ level: number, text: string, at: number }} Said */

/** Of this tab; null in a sandboxed frame. @returns {Storage | null} */
function tab() {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}

export class Inspecting {
  /** @type {Promise<import('../inspector/inspector.js').Inspector> | null} */
  #inspector = null;
  #abort = new AbortController();
  /** @type {Said[]} */
  said = [];
  /** Hears of each. @type {(said: Said) => void} */
  heard = () => {};

  /**
   * @param {import('./host.js').Host} host
   * @param {() => boolean} running whether the program runs
   * @param {import('./live.js').Live} live
   */
  constructor(host, running, live) {
    this.host = host;
    this.running = running;
    this.live = live;
    const asked = location.hash.startsWith(MARK);
    this.token = asked ? location.hash.slice(MARK.length) : tab()?.getItem(TOKEN) ?? '';
    if (asked) {
      tab()?.setItem(TOKEN, this.token);
      history.replaceState(null, '', location.pathname + location.search); // no token in what is copied
    }
    addEventListener('keydown', (event) => {
      if (event.code !== INSPECTOR_KEY) return;
      event.preventDefault();
      this.toggle();
    }, { signal: this.#abort.signal });
    if (asked || (tab()?.getItem(OPEN) ?? null) !== null) {
      this.host.thread.post({ type: 'inspectFirst' });
      this.host.ready.then(() => this.toggle(), () => {});
    }
  }

  /** @param {number} level @param {string} text */
  say(level, text) {
    const said = { level, text, at: performance.now() };
    if (this.said.push(said) > SAID_MAX) this.said.shift();
    this.heard(said);
  }

  /** Of the program to the page; told while somebody looks. @param {string} name @param {unknown} value */
  message(name, value) {
    if (this.#inspector === null) return;
    const shown = JSON.stringify(value, (_, one) => (ArrayBuffer.isView(one) ? `${one.constructor.name} of ${one.byteLength} bytes` : one));
    this.say(MESSAGE, `${name} ${shown ?? ''}`.slice(0, TEXT_MAX));
  }

  async toggle() {
    if (!this.running()) return this.host.notices.setNote('The inspector opens once the program runs.');
    if (this.#inspector !== null) return this.#close();
    tab()?.setItem(OPEN, tab()?.getItem(OPEN) ?? '');
    this.#inspector = import('../inspector/inspector.js').then(({ Inspector }) => new Inspector(this));
    try {
      const inspector = await this.#inspector;
      await inspector.open(tab()?.getItem(OPEN) ?? '');
    } catch (error) {
      this.#inspector = null;
      this.host.fail(`The inspector could not be opened: ${error}`);
    }
  }

  /** The entity of that name is chosen again when the page starts anew. @param {string} name */
  remember(name) {
    tab()?.setItem(OPEN, name);
  }

  async #close() {
    const inspector = this.#inspector;
    this.#inspector = null;
    tab()?.removeItem(OPEN);
    (await inspector)?.close();
    this.host.notices.stage.focus({ preventScroll: true });
  }

  close() {
    this.#abort.abort();
    this.#inspector?.then((inspector) => inspector.gone());
  }
}
