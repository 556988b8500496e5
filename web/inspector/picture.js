// @ts-check
/**
 * @file What lies above the picture: the chosen entity's box, the axes that move, turn or scale it, and the next click.
 *
 * Owns: one SVG element. Does not: project or move anything; Python says where the lines are, and what a drag means.
 * Limits: the lines are those of the frame before; axes are dragged by a pointer, keys have the fields.
 */
import { words } from './dom.js';

const SVG = 'http://www.w3.org/2000/svg';
const AXES = ['x', 'y', 'z'];

/** @param {string} tag @param {Record<string, string | number>} attributes @param {Element} parent */
function draw(tag, attributes, parent) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, `${value}`);
  parent.append(element);
  return element;
}

export class PictureOverlay {
  mode = 'move';
  #picks = false;
  #ended = false;
  /** The axis that is dragged, from where. @type {{ axis: number, start: number[], now: number[], first: boolean } | null} */
  #drag = null;
  #abort = new AbortController();

  /** @param {import('./inspector.js').Inspector} inspector @param {HTMLElement} stage */
  constructor(inspector, stage) {
    this.inspector = inspector;
    this.svg = document.createElementNS(SVG, 'svg');
    this.svg.setAttribute('class', 'inspector-picture');
    this.svg.setAttribute('aria-hidden', 'true');
    this.svg.setAttribute('viewBox', '0 0 1 1');
    this.svg.setAttribute('preserveAspectRatio', 'none');
    this.box = draw('g', { class: 'box' }, this.svg);
    this.axes = AXES.map((_, i) => draw('g', { class: `axis a${i}` }, this.svg));
    stage.append(this.svg);
    const { signal } = this.#abort;
    this.svg.addEventListener('pointerdown', (event) => this.#down(event), { signal });
    this.svg.addEventListener('pointermove', (event) => { if (this.#drag) this.#drag.now = this.#at(event); }, { signal });
    for (const name of ['pointerup', 'pointercancel']) this.svg.addEventListener(name, () => (this.#drag = null), { signal });
    // What happens here is not the program's.
    for (const name of ['pointerdown', 'pointerup', 'mousedown', 'mouseup', 'click']) this.svg.addEventListener(name, (event) => event.stopPropagation(), { signal });
    this.#turn();
  }

  /** @param {boolean} on */
  picks(on) {
    this.#picks = on;
    this.svg.classList.toggle('picks', on);
  }

  close() {
    this.#ended = true;
    this.#abort.abort();
    this.svg.remove();
  }

  /** @param {PointerEvent} event @returns {number[]} 0 to 1 from the picture's upper left */
  #at(event) {
    const { left, top, width, height } = this.svg.getBoundingClientRect();
    return [(event.clientX - left) / width, (event.clientY - top) / height];
  }

  /** @param {PointerEvent} event */
  async #down(event) {
    const at = this.#at(event);
    if (this.#picks) {
      this.inspector.picks(false);
      try {
        const found = await this.inspector.ask('pick', { at });
        if (found) this.inspector.choose(found);
        else this.inspector.status.textContent = 'There is no entity at that place (worlds\' tiles and the sea are none).';
      } catch (error) {
        this.inspector.status.textContent = words(error);
      }
      return;
    }
    const axis = this.axes.findIndex((one) => one.contains(/** @type {Node} */ (event.target)));
    if (axis < 0) return;
    this.svg.setPointerCapture(event.pointerId);
    this.#drag = { axis, start: at, now: at, first: true };
  }

  async #turn() {
    if (this.#ended) return;
    const { chosen } = this.inspector;
    try {
      if (chosen !== null && !document.hidden) {
        const drag = this.#drag;
        if (drag) {
          await this.inspector.ask('drag', { ...chosen, mode: this.mode, ...drag });
          drag.first = false;
        }
        this.#show(await this.inspector.ask('look', { ...chosen, mode: this.mode }));
      } else if (this.box.childElementCount > 0) this.#show({ box: [], axes: [[], [], []] });
    } catch {
      if (!this.#ended) this.#show({ box: [], axes: [[], [], []] }); // it was despawned: the fields say so
    }
    requestAnimationFrame(() => this.#turn());
  }

  /** @param {{ box: number[][], axes: number[][][] }} lines */
  #show({ box, axes }) {
    set(this.box, box);
    this.axes.forEach((group, i) => set(group, [...axes[i], ...axes[i]], axes[i].length));
  }
}

/** Lines into a group; those from number `grips` on are wide and unseen. @param {Element} group @param {number[][]} lines @param {number} [grips] */
function set(group, lines, grips = lines.length) {
  while (group.childElementCount > lines.length) group.lastElementChild?.remove();
  while (group.childElementCount < lines.length) draw('line', {}, group);
  lines.forEach(([x1, y1, x2, y2], i) => {
    const line = group.children[i];
    line.setAttribute('class', i < grips ? '' : 'grip');
    for (const [name, value] of Object.entries({ x1, y1, x2, y2 })) line.setAttribute(name, `${value}`);
  });
}
