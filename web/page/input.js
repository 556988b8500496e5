/**
 * DOM input to events: keyboard, mouse, pointer lock, touch, wheel, gamepads.
 *
 * Owns: the listeners, which keys are down, the numbers of touches, and whether the wheel is the program's.
 * Does not: interpret anything; Python does.
 * Limits: keys outside gen/layouts.js KEYS are ignored; 10 touches; sticks are sent when they change by 1/256.
 */
import { KEYS } from '../gen/layouts.js';

const KEY_INDEX = new Map(KEYS.map((code, index) => [code, index]));
/** macOS reports no key that goes up while one of these is down. */
const META = ['MetaLeft', 'MetaRight'];
const MODIFIERS = new Set(['ShiftLeft', 'ShiftRight', 'ControlLeft', 'ControlRight', 'AltLeft', 'AltRight', ...META]
  .map((code) => KEY_INDEX.get(code)));
const TOUCHES_MAX = 10;
const AXIS_STEP = 1 / 256;
/** Chromium refuses a lock sooner than this after the user left the last one. */
const RELOCK_MS = 1300;
/** An element at least this large a part of the window on each side fills it: then there is nothing to scroll to. */
const FILLING = 0.9;

/** @typedef {import('../gen/events.js').EventWriter} EventWriter */

/** Listens on one canvas. */
export class Input {
  #abort = new AbortController();
  /** @type {Map<number, number>} */
  #touches = new Map();
  /** @type {Set<number>} */
  #down = new Set();
  /** @type {Map<string, number>} */
  #pads = new Map();
  #wantsLock = false;
  /** Whether the program hears nothing. */
  muted = false;
  #unlockedMs = -Infinity;
  #padFrame = 0;

  /**
   * @param {HTMLElement} target focusable element around the canvas
   * @param {EventWriter} events
   * @param {() => 'auto' | 'program' | 'page'} wheelGoesTo the element's attribute as it is now
   */
  constructor(target, events, wheelGoesTo) {
    this.target = target;
    this.events = events;
    this.wheelGoesTo = wheelGoesTo;
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

  /** Text as well, for controls that the engine draws. */
  hearTyping() {
    this.#on(this.target, 'keydown', (event) => {
      if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) this.events.typed(event.key);
    });
    this.#on(this.target, 'paste', (event) => this.events.typed(event.clipboardData.getData('text/plain')));
  }

  /** The program stands, and would hear all of it at once: keys that are down count as let go. @param {boolean} muted */
  mute(muted) {
    if (muted) {
      this.#down.clear();
      this.events.focus(0, 0);
      if (this.#locked()) document.exitPointerLock();
    }
    this.muted = muted;
    if (!muted) this.events.focus(document.hasFocus() ? 1 : 0, 0);
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
    this.#on(this.target, 'keydown', (event) => this.#keyDown(event));
    // On the window: a key that goes up elsewhere must not stay down here.
    this.#on(window, 'keyup', (event) => this.#keyUp(event));
  }

  /** @param {KeyboardEvent} event */
  #keyDown(event) {
    const key = KEY_INDEX.get(event.code);
    if (key === undefined) return;
    // The browser's own shortcuts stay the browser's; keys that scroll or move the focus are ours.
    if (!event.ctrlKey && !event.metaKey && !event.altKey && !/^F\d/.test(event.code)) event.preventDefault();
    if (this.#down.has(key)) return; // it repeats
    this.#down.add(key);
    this.events.key(key, 1);
  }

  /** @param {KeyboardEvent} event */
  #keyUp(event) {
    const key = KEY_INDEX.get(event.code);
    if (key !== undefined) this.#release(key);
    if (!META.includes(event.code)) return;
    for (const other of [...this.#down]) if (!MODIFIERS.has(other)) this.#release(other);
  }

  /** @param {number} key */
  #release(key) {
    if (this.#down.delete(key)) this.events.key(key, 0);
  }

  #pointers() {
    // Mouse events for buttons: pointerdown comes only for the first of several.
    this.#on(this.target, 'mousedown', (event) => this.#mouseDown(event));
    this.#on(window, 'mouseup', (event) => this.#mouseUp(event));
    this.#on(this.target, 'pointerdown', (event) => {
      this.#capture(event);
      this.#touch(event, 0);
    });
    this.#on(window, 'pointerup', (event) => this.#touch(event, 2));
    this.#on(window, 'pointercancel', (event) => this.#touch(event, 3));
    this.#on(this.target, 'pointermove', (event) => this.#pointerMove(event));
    // After a touch the browser makes up mouse events unless the touch is refused.
    this.#on(this.target, 'touchend', (event) => event.preventDefault(), { passive: false });
    this.#on(this.target, 'contextmenu', (event) => event.preventDefault());
    this.#on(this.target, 'wheel', (event) => this.#wheel(event), { passive: false });
  }

  /** A drag goes on outside of the element, and of the window. @param {PointerEvent} event */
  #capture(event) {
    if (this.#locked()) return;
    try {
      this.target.setPointerCapture(event.pointerId);
    } catch {
      // A pointer that has gone up meanwhile, or one that a script made up.
    }
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
    if (!this.#takesWheel()) return;
    event.preventDefault();
    const scale = event.deltaMode === 0 ? 1 : event.deltaMode === 1 ? 16 : this.target.clientHeight;
    this.events.wheel(event.deltaX * scale, event.deltaY * scale);
  }

  /** By default: where the element fills the window, or while it has the focus. */
  #takesWheel() {
    const goesTo = this.wheelGoesTo();
    if (goesTo !== 'auto') return goesTo === 'program';
    if (/** @type {ShadowRoot} */ (this.target.getRootNode()).activeElement === this.target) return true;
    const { width, height } = this.target.getBoundingClientRect();
    return width >= FILLING * innerWidth && height >= FILLING * innerHeight;
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
    const tell = (/** @type {boolean} */ focused, locked = this.#locked()) => {
      if (!focused) this.#down.clear(); // as Python does
      this.events.focus(focused ? 1 : 0, locked ? 1 : 0);
    };
    const send = () => tell(document.hasFocus() && document.visibilityState === 'visible');
    this.#on(window, 'blur', () => tell(false));
    this.#on(window, 'focus', send);
    this.#on(this.target, 'blur', () => tell(false, false));
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
    this.#on(window, 'gamepaddisconnected', ({ gamepad }) => this.#padGone(gamepad.index));
  }

  /** A pad that is unplugged lets go of everything. @param {number} index */
  #padGone(index) {
    for (const [key, value] of this.#pads) {
      const [pad, kind, number] = key.split(' ');
      if (Number(pad) !== index) continue;
      this.#pads.delete(key);
      if (value === 0) continue;
      if (kind === 'axis') this.events.gamepadAxis(index, Number(number), 0);
      else this.events.gamepadButton(index, Number(number), 0);
    }
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
