/**
 * DOM input to events: keyboard, mouse, pointer lock, touch, wheel, gamepads.
 *
 * Owns: the listeners, which keys are down, and the numbers of touches.
 * Does not: interpret anything; Python does.
 * Limits: keys outside gen/layouts.js KEYS are ignored; 10 touches; sticks are sent when they change by 1/256.
 */
import { KEYS } from '../gen/layouts.js';

const KEY_INDEX = new Map(KEYS.map((code, index) => [code, index]));
const TOUCHES_MAX = 10;
const AXIS_STEP = 1 / 256;
/** Chromium refuses a lock sooner than this after the user left the last one. */
const RELOCK_MS = 1300;

/** @typedef {import('../gen/events.js').EventWriter} EventWriter */

/** Listens on one canvas. */
export class Input {
  #abort = new AbortController();
  /** @type {Map<number, number>} */
  #touches = new Map();
  /** @type {Map<string, number>} */
  #pads = new Map();
  #wantsLock = false;
  #unlockedMs = -Infinity;
  #padFrame = 0;

  /**
   * @param {HTMLElement} target focusable element around the canvas
   * @param {EventWriter} events
   */
  constructor(target, events) {
    this.target = target;
    this.events = events;
    this.#keys();
    this.#pointers();
    this.#focus();
    this.#gamepads();
  }

  /** @param {boolean} wanted whether a click on the canvas locks the pointer */
  setPointerLock(wanted) {
    this.#wantsLock = wanted;
    if (!wanted && this.#locked()) document.exitPointerLock();
  }

  destroy() {
    this.#abort.abort();
    cancelAnimationFrame(this.#padFrame);
    if (this.#locked()) document.exitPointerLock();
  }

  #locked() {
    const root = /** @type {ShadowRoot | Document} */ (this.target.getRootNode());
    return root.pointerLockElement === this.target;
  }

  /**
   * @param {EventTarget} target
   * @param {string} type
   * @param {(event: any) => void} handler
   * @param {AddEventListenerOptions} [options]
   */
  #on(target, type, handler, options) {
    target.addEventListener(type, handler, { ...options, signal: this.#abort.signal });
  }

  #keys() {
    const send = (/** @type {KeyboardEvent} */ event, /** @type {number} */ down) => {
      const key = KEY_INDEX.get(event.code);
      if (key === undefined) return;
      // The browser's own shortcuts stay the browser's; keys that scroll or move the focus are ours.
      if (!event.ctrlKey && !event.metaKey && !event.altKey && !/^F\d/.test(event.code)) event.preventDefault();
      if (down === 0 || !event.repeat) this.events.key(key, down);
    };
    this.#on(this.target, 'keydown', (event) => send(event, 1));
    // On the window: a key that goes up elsewhere must not stay down here.
    this.#on(window, 'keyup', (event) => send(event, 0));
  }

  #pointers() {
    // Mouse events for buttons: pointerdown comes only for the first of several.
    this.#on(this.target, 'mousedown', (event) => this.#mouseDown(event));
    this.#on(window, 'mouseup', (event) => this.#mouseUp(event));
    this.#on(this.target, 'pointerdown', (event) => this.#touch(event, 0));
    this.#on(window, 'pointerup', (event) => this.#touch(event, 2));
    this.#on(window, 'pointercancel', (event) => this.#touch(event, 3));
    this.#on(this.target, 'pointermove', (event) => this.#pointerMove(event));
    // After a touch the browser makes up mouse events unless the touch is refused.
    this.#on(this.target, 'touchend', (event) => event.preventDefault(), { passive: false });
    this.#on(this.target, 'contextmenu', (event) => event.preventDefault());
    this.#on(this.target, 'wheel', (event) => this.#wheel(event), { passive: false });
  }

  /** @param {MouseEvent} event */
  #at(event) {
    const box = this.target.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /** @param {MouseEvent} event */
  #mouseDown(event) {
    this.target.focus({ preventScroll: true });
    if (this.#wantsLock && !this.#locked()) this.#lock();
    const { x, y } = this.#at(event);
    this.events.pointerButton(event.button, 1, x, y);
    event.preventDefault();
  }

  /** @param {MouseEvent} event */
  #mouseUp(event) {
    const { x, y } = this.#at(event);
    this.events.pointerButton(event.button, 0, x, y);
  }

  /** @param {PointerEvent} event */
  #pointerMove(event) {
    if (event.pointerType === 'touch') return this.#touch(event, 1);
    const { x, y } = this.#at(event);
    this.events.pointerMove(x, y, event.movementX, event.movementY);
  }

  /**
   * @param {PointerEvent} event
   * @param {number} phase 0 start, 1 move, 2 end, 3 cancel
   */
  #touch(event, phase) {
    if (event.pointerType !== 'touch') return;
    if (phase === 0) this.target.focus({ preventScroll: true });
    let touch = this.#touches.get(event.pointerId);
    if (touch === undefined) {
      if (phase !== 0 || this.#touches.size >= TOUCHES_MAX) return;
      const used = new Set(this.#touches.values());
      touch = 0;
      while (used.has(touch)) touch += 1;
      this.#touches.set(event.pointerId, touch);
    }
    const { x, y } = this.#at(event);
    this.events.touch(touch, phase, x, y);
    if (phase >= 2) this.#touches.delete(event.pointerId);
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    event.preventDefault();
    const scale = event.deltaMode === 0 ? 1 : event.deltaMode === 1 ? 16 : this.target.clientHeight;
    this.events.wheel(event.deltaX * scale, event.deltaY * scale);
  }

  async #lock() {
    // After Escape the browser refuses for a while: wait for it once, instead of failing silently.
    const waitMs = this.#unlockedMs + RELOCK_MS - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    if (!this.#wantsLock || this.#locked() || this.#abort.signal.aborted) return;
    try {
      await this.target.requestPointerLock();
    } catch {
      // Refused (no gesture any more, or no permission): the next click asks again.
    }
  }

  #focus() {
    const send = () => {
      const focused = document.hasFocus() && document.visibilityState === 'visible' ? 1 : 0;
      this.events.focus(focused, this.#locked() ? 1 : 0);
    };
    this.#on(window, 'blur', () => this.events.focus(0, this.#locked() ? 1 : 0));
    this.#on(window, 'focus', send);
    this.#on(this.target, 'blur', () => this.events.focus(0, 0));
    this.#on(this.target, 'focus', send);
    this.#on(document, 'visibilitychange', send);
    this.#on(document, 'pointerlockchange', () => {
      if (!this.#locked()) this.#unlockedMs = performance.now();
      send();
    });
  }

  #gamepads() {
    const poll = () => {
      const pads = navigator.getGamepads().filter((pad) => pad !== null);
      for (const pad of pads) this.#pad(pad);
      this.#padFrame = pads.length > 0 ? requestAnimationFrame(poll) : 0;
    };
    this.#on(window, 'gamepadconnected', () => {
      if (this.#padFrame === 0) this.#padFrame = requestAnimationFrame(poll);
    });
  }

  /** @param {Gamepad} pad */
  #pad(pad) {
    const changed = (/** @type {string} */ name, /** @type {number} */ value) => {
      const key = `${pad.index} ${name}`;
      const before = this.#pads.get(key) ?? 0;
      const differs = Math.abs(value - before) >= AXIS_STEP || (value === 0 && before !== 0);
      if (differs) this.#pads.set(key, value);
      return differs;
    };
    pad.axes.forEach((value, axis) => {
      if (changed(`axis ${axis}`, value)) this.events.gamepadAxis(pad.index, axis, value);
    });
    pad.buttons.forEach(({ value }, button) => {
      if (changed(`button ${button}`, value)) this.events.gamepadButton(pad.index, button, value);
    });
  }
}
