// @ts-check
/**
 * @file Who hears what: events on a widget are its own, all others the program's; and who has the keyboard.
 *
 * Tab goes from the picture into the widgets where there are some to go to, Escape back. A click with the pointer leaves
 * the keyboard where it was, so that whoever steers goes on steering; fields that are typed into keep it. While a dialog
 * is shown it keeps keyboard and pointer, and gives the keyboard back to whom it took it from.
 */
import { Pads } from './pads.js';

/** What a widget's event does not tell the program (page/input.js listens on the stage). */
const OWN = ['mousedown', 'pointerdown', 'pointermove', 'touchend', 'contextmenu', 'wheel', 'click', 'dblclick'];
const FOCUSABLE = 'button, input, select, a[href], [tabindex="0"]';
const TYPED = 'input:not([type="range"], [type="checkbox"]), select';
const QUIET = { preventScroll: true };

/** Those that Tab reaches. @param {ParentNode} within @returns {HTMLElement[]} */
export function focusable(within) {
  return /** @type {HTMLElement[]} */ ([...within.querySelectorAll(FOCUSABLE)]).filter((one) =>
    !one.matches(':disabled') && one.closest('[inert]') === null && one.checkVisibility({ visibilityProperty: true }));
}

/** @typedef {{ host: HTMLElement, root: ShadowRoot, stage: HTMLElement, over: HTMLElement, behind: HTMLElement[] }} Places */

export class Focus {
  /** Whether the picture had the keyboard before the pointer pressed a widget. */
  #steers = false;
  /** Who had it before the first dialog. @type {HTMLElement | null} */
  #before = null;

  /** @param {Places} places over: where dialogs are; behind: what they cover @param {AbortSignal} signal */
  constructor(places, signal) {
    this.places = places;
    const { host, root, stage } = places;
    this.pads = new Pads(root, { candidates: () => focusable(this.#dialog() ?? root), leave: () => this.#leave() });
    for (const type of OWN) host.addEventListener(type, (event) => event.stopPropagation(), { signal });
    host.addEventListener('keydown', (event) => this.#key(event), { signal });
    stage.addEventListener('keydown', (event) => {
      const leaves = event.key === 'Tab' && event.target === stage && (event.shiftKey || focusable(root).length > 0);
      if (leaves) event.stopImmediatePropagation(); // and the browser moves the focus
    }, { signal, capture: true });
    root.addEventListener('pointerdown', (event) => this.#press(/** @type {Element} */ (event.target)), { signal });
    root.addEventListener('mousedown', (event) => {
      if (/** @type {Element} */ (event.target).closest('input, select') === null) event.preventDefault();
    }, { signal });
    addEventListener('pointerup', () => this.#release(), { signal });
  }

  end() {
    this.pads.end();
  }

  /** The keyboard to an element, or the first in it that takes it. @param {HTMLElement} element */
  give(element) {
    const target = element.matches(FOCUSABLE) ? element : focusable(element)[0];
    target?.focus();
  }

  /** A dialog came or went. */
  dialogs() {
    const { root, stage, behind } = this.places;
    const top = this.#dialog();
    for (const one of behind) one.inert = top !== null;
    for (const one of this.#open()) one.inert = one !== top;
    if (top === null) {
      if (this.#before !== null) (this.#before.isConnected ? this.#before : stage).focus(QUIET);
      this.#before = null;
    } else if (!top.contains(root.activeElement)) {
      this.#before ??= /** @type {HTMLElement | null} */ (root.activeElement) ?? stage;
      const box = /** @type {HTMLElement} */ (top.firstElementChild);
      (focusable(top)[0] ?? box).focus(QUIET);
    }
  }

  #open() {
    return /** @type {HTMLElement[]} */ ([...this.places.over.children]).filter((one) => !one.hidden);
  }

  /** The one on top. */
  #dialog() {
    return this.#open().at(-1) ?? null;
  }

  /** @param {KeyboardEvent} event on a widget */
  #key(event) {
    if (/^F\d/.test(event.key)) return;
    event.stopPropagation();
    const top = this.#dialog();
    if (event.key === 'Tab' && top !== null) this.#turn(event, focusable(top));
    else if (event.key === 'Escape' && !event.defaultPrevented) this.places.stage.focus(QUIET);
  }

  /** Tab stays in a dialog. @param {KeyboardEvent} event @param {HTMLElement[]} all */
  #turn(event, all) {
    const at = all.indexOf(/** @type {HTMLElement} */ (this.places.root.activeElement));
    const to = event.shiftKey ? at - 1 : at + 1;
    if (at !== -1 && to >= 0 && to < all.length) return;
    event.preventDefault();
    all.at(event.shiftKey ? -1 : 0)?.focus();
  }

  /** What Escape does. */
  #leave() {
    const target = this.places.root.activeElement ?? this.places.host;
    target.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true, composed: true }));
  }

  /** @param {Element} target */
  #press(target) {
    const { root, stage, host } = this.places;
    const isTyped = target.closest(TYPED) !== null;
    this.#steers = !isTyped && /** @type {ShadowRoot} */ (stage.getRootNode()).activeElement !== host;
    const typing = /** @type {HTMLElement | null} */ (root.activeElement);
    if (!isTyped && typing?.matches(TYPED) && !typing.closest('label')?.contains(target)) stage.focus(QUIET);
  }

  /** A slider takes the keyboard with the press, so it is given back when the pointer goes up. */
  #release() {
    if (!this.#steers) return;
    this.#steers = false;
    if (this.places.root.activeElement !== null && this.#dialog() === null) this.places.stage.focus(QUIET);
  }
}
