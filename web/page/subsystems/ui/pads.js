// @ts-check
/**
 * @file Gamepads walk through widgets: while one of them has the focus (or a dialog is shown, which takes it).
 *
 * The directional pad or the left stick goes to the nearest one in its direction, changes a slider, a list or a choice; A
 * presses, B is Escape. Else a pad is the program's alone. Standard mapping.
 */

const [A, B, UP, DOWN, LEFT, RIGHT] = [0, 1, 12, 13, 14, 15];
const STICK = 0.6;
const REPEAT_MS = [350, 120]; // first, then

/** @typedef {{ x: number, y: number, a: boolean, b: boolean }} Held */

export class Pads {
  #frame = 0;
  #abort = new AbortController();
  /** @type {Held} */
  #held = { x: 0, y: 0, a: false, b: false };
  #nextMs = 0;

  /**
   * @param {ShadowRoot} root
   * @param {{ candidates: () => HTMLElement[], leave: () => void }} ways who may get the focus, and what B does
   */
  constructor(root, ways) {
    this.root = root;
    this.ways = ways;
    const begin = () => {
      if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#poll());
    };
    addEventListener('gamepadconnected', begin, { signal: this.#abort.signal });
    if (navigator.getGamepads().some((pad) => pad !== null)) begin();
  }

  end() {
    this.#abort.abort();
    cancelAnimationFrame(this.#frame);
  }

  #poll() {
    const pads = navigator.getGamepads().filter((pad) => pad !== null);
    this.#frame = pads.length > 0 ? requestAnimationFrame(() => this.#poll()) : 0;
    const now = held(pads);
    const before = this.#held;
    this.#held = now;
    const active = /** @type {HTMLElement | null} */ (this.root.activeElement);
    if (active === null) return;
    if (now.a && !before.a) active.click();
    if (now.b && !before.b) this.ways.leave();
    const turned = now.x !== before.x || now.y !== before.y;
    if ((now.x === 0 && now.y === 0) || !(turned || performance.now() >= this.#nextMs)) return;
    this.#nextMs = performance.now() + REPEAT_MS[turned ? 0 : 1];
    if (!changed(active, now)) this.#go(active, now);
  }

  /** To the nearest in a direction; what lies beside it counts double. @param {HTMLElement} active @param {Held} to */
  #go(active, { x, y }) {
    const from = middle(active);
    let best = Infinity;
    let found = null;
    for (const other of this.ways.candidates()) {
      if (other === active) continue;
      const [dx, dy] = middle(other).map((value, axis) => value - from[axis]);
      const along = dx * x + dy * y;
      const beside = Math.abs(dx * y) + Math.abs(dy * x);
      if (along > 1 && along + 2 * beside < best) [best, found] = [along + 2 * beside, other];
    }
    found?.focus();
    found?.scrollIntoView({ block: 'nearest' });
  }
}

/** @param {Gamepad[]} pads @returns {Held} */
function held(pads) {
  const down = (/** @type {number} */ button) => pads.some((pad) => pad.buttons[button]?.pressed);
  const stick = (/** @type {number} */ axis) => Math.sign(pads.map((pad) => pad.axes[axis] ?? 0).find((value) => Math.abs(value) > STICK) ?? 0);
  const y = Number(down(DOWN)) - Number(down(UP)) || stick(1);
  return { x: y !== 0 ? 0 : Number(down(RIGHT)) - Number(down(LEFT)) || stick(0), y, a: down(A), b: down(B) };
}

/** @param {HTMLElement} element */
function middle(element) {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  return [(left + right) / 2, (top + bottom) / 2];
}

/** What has a value takes the direction itself. @param {HTMLElement} active @param {Held} to @returns {boolean} */
function changed(active, { x, y }) {
  if (active instanceof HTMLInputElement && active.type === 'range' && x !== 0) {
    if (x > 0) active.stepUp();
    else active.stepDown();
    active.dispatchEvent(new Event('input', { bubbles: true }));
    return true;
  }
  if (active instanceof HTMLSelectElement && x !== 0) {
    active.selectedIndex = Math.min(Math.max(active.selectedIndex + x, 0), active.options.length - 1);
    active.dispatchEvent(new Event('change', { bubbles: true }));
    return true;
  }
  if (active.getAttribute('role') !== 'listbox' || y === 0) return false;
  const rows = [...active.children];
  const at = rows.findIndex((row) => row.ariaSelected === 'true');
  if (y > 0 ? at === rows.length - 1 : at <= 0) return false; // the focus goes on
  active.dispatchEvent(new KeyboardEvent('keydown', { key: y > 0 ? 'ArrowDown' : 'ArrowUp', cancelable: true }));
  return true;
}
