// @ts-check
/**
 * @file The inspector's panel: its tabs, what is chosen, and the questions to Python.
 *
 * Owns: its DOM inside the element's shadow root, the chosen entity, and when each part asks. Does not: know the scene;
 * layerw/inspecting does. Limits: one question of a part at a time, so a slow program is asked less often.
 */
import { addStyle } from '../page/styles.js';
import { Console } from './console.js';
import { button, make, words } from './dom.js';
import { Log } from './log.js';
import { Memory } from './memory.js';
import { Passes } from './passes.js';
import { PictureOverlay } from './picture.js';
import { Scene } from './scene.js';
import { STYLE } from './style.js';
import { TimeBar } from './time.js';
import { WorldMap } from './worlds.js';

const EVERY_MS = 200;
const PATIENCE_MS = 1500;

/** @typedef {{ row: number, birth: number, name: string }} Chosen */

export class Inspector {
  /** @type {Chosen | null} */
  chosen = null;
  #ended = false;
  #timer = 0;

  /** @param {import('../page/inspecting.js').Inspecting} page */
  constructor(page) {
    this.page = page;
    this.host = page.host;
    const root = /** @type {ShadowRoot} */ (this.host.element.shadowRoot);
    addStyle(root, STYLE);
    this.picture = new PictureOverlay(this, this.host.notices.stage);
    this.scene = new Scene(this);
    /** @type {import('./dom.js').Part[]} */
    this.parts = [this.scene, new Memory(this), new WorldMap(this), new Passes(this), new Log(this), new Console(this)];
    this.shown = this.parts[0];
    this.status = make('div', { role: 'status', className: 'quiet' });
    this.time = new TimeBar(this);
    this.pick = button('Pick', () => this.picks(this.pick.ariaPressed !== 'true'), { ariaPressed: 'false', title: 'Click on something in the picture' });
    const modes = ['move', 'turn', 'scale'].map((mode) => button(mode[0].toUpperCase() + mode.slice(1), () => {
      this.picture.mode = mode;
      for (const one of modes) one.ariaPressed = `${one.value === mode}`;
    }, { value: mode, ariaPressed: `${mode === 'move'}`, title: `The axes in the picture ${mode} what is chosen` }));
    const head = make('div', { className: 'head' }, make('h2', {}, 'Inspector'), this.pick, ...modes,
      button('×', () => page.toggle(), { ariaLabel: 'Close the inspector', title: 'F9' }));
    this.tabs = make('div', { className: 'tabs', role: 'tablist', ariaLabel: 'What is inspected', onkeydown: (/** @type {KeyboardEvent} */ event) => this.#tabKey(event) },
      ...this.parts.map((part, i) => this.#tab(part, i)));
    this.body = make('div', { className: 'body' }, ...this.parts.map((part) => part.element));
    this.panel = make('section', { className: 'inspector', ariaLabel: 'Inspector', onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event) },
      head, this.tabs, this.body, this.status, this.time.element);
    this.panel.part.add('inspector');
    root.append(this.panel);
  }

  /** @param {string} name of the entity that is chosen at once, '' none */
  async open(name) {
    await this.ask('open');
    this.#show(this.parts[0]);
    this.tabs.querySelector('button')?.focus();
    if (name !== '') this.ask('find', { name }).then((found) => found && this.choose(found), () => {});
    this.#turn();
  }

  /** With the program as it was. */
  close() {
    this.gone();
    this.ask('close').catch(() => {});
  }

  /** The element is leaving: no questions any more. */
  gone() {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.page.heard = () => {};
    this.picture.close();
    this.panel.remove();
  }

  /** @param {string} what @param {object} [more] @returns {Promise<any>} rejects with Python's sentence */
  async ask(what, more = {}) {
    const { value, error } = JSON.parse(await this.host.request('inspect', JSON.stringify({ do: what, ...more })));
    if (error !== undefined) throw new Error(error);
    return value;
  }

  /** @param {(Chosen & {group?: string, place?: number}) | null} found where it is in the list, once it is known */
  choose(found) {
    this.chosen = found;
    this.page.remember(found?.name ?? '');
    this.scene.chosen(found);
  }

  /** @param {boolean} on the next click into the picture chooses */
  picks(on) {
    this.pick.ariaPressed = `${on}`;
    this.picture.picks(on);
  }

  /** @param {import('./dom.js').Part} part @param {number} i */
  #tab(part, i) {
    part.element.id = `inspector-part-${i}`;
    part.element.setAttribute('role', 'tabpanel');
    part.element.ariaLabel = part.title;
    return button(part.title, () => this.#show(part), { role: 'tab', 'aria-controls': part.element.id });
  }

  /** @param {import('./dom.js').Part} part */
  #show(part) {
    this.shown = part;
    this.parts.forEach((one, i) => {
      const tab = /** @type {HTMLElement} */ (this.tabs.children[i]);
      one.element.hidden = one !== part;
      tab.ariaSelected = `${one === part}`;
      tab.tabIndex = one === part ? 0 : -1;
    });
    this.#refresh(part);
  }

  /** @param {KeyboardEvent} event */
  #tabKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = (this.parts.indexOf(this.shown) + step + this.parts.length) % this.parts.length;
    this.#show(this.parts[next]);
    /** @type {HTMLElement} */ (this.tabs.children[next]).focus();
  }

  /** Keys that are typed here are not the program's. @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === 'Escape') this.picks(false);
    if (!/^F\d+$/.test(event.key)) event.stopPropagation();
  }

  async #turn() {
    if (this.#ended) return;
    const late = setTimeout(() => {
      this.status.textContent = 'The program does not answer: it stands at a breakpoint, or is inside of a long call.';
    }, PATIENCE_MS);
    if (!document.hidden) await Promise.all([this.#refresh(this.shown), this.#refresh(this.time)]);
    clearTimeout(late);
    if (this.status.textContent?.startsWith('The program does not answer')) this.status.textContent = '';
    if (!this.#ended) this.#timer = setTimeout(() => this.#turn(), EVERY_MS);
  }

  /** @param {{ refresh: () => Promise<void> | void }} part */
  async #refresh(part) {
    try {
      await part.refresh();
    } catch (error) {
      if (!this.#ended) this.status.textContent = words(error);
    }
  }
}
