// @ts-check
/** @file Worlds from above: every tile by its state, the camera in the middle, north up. */
import { make, size } from './dom.js';

const SIDE = 380;
const COLORS = /** @type {Record<string, string>} */ ({ absent: '#2a323d', queued: '#8a6d1f', fetching: '#d9a521', decoded: '#b58ae6', resident: '#3f9d5a', failed: '#e0564a' });

export class WorldMap {
  title = 'Worlds';

  /** @param {import('./inspector.js').Inspector} inspector */
  constructor(inspector) {
    this.inspector = inspector;
    this.element = make('div');
    /** @type {HTMLCanvasElement[]} */
    this.maps = [];
  }

  async refresh() {
    const worlds = await this.inspector.ask('worlds');
    if (worlds.length === 0) {
      this.maps = [];
      return this.element.replaceChildren(make('p', { className: 'quiet' }, 'The program streams no world.'));
    }
    while (this.maps.length < worlds.length) this.maps.push(make('canvas', { className: 'map', width: SIDE, height: SIDE, role: 'img' }));
    const focus = this.maps.every((one) => one.isConnected);
    const parts = worlds.map((/** @type {any} */ world, /** @type {number} */ i) => this.#world(world, this.maps[i]));
    if (!focus || this.element.childElementCount !== parts.length) return this.element.replaceChildren(...parts);
    parts.forEach((/** @type {HTMLElement} */ part, /** @type {number} */ i) => this.element.children[i].replaceWith(part));
  }

  /** @param {any} world @param {HTMLCanvasElement} map */
  #world({ url, state, counts, bytes, tiles, forward }, map) {
    const said = Object.entries(counts).map(([name, count]) => `${count} ${name}`).join(', ');
    map.ariaLabel = `Tiles from above: ${said}`;
    paint(map, tiles, forward);
    const legend = make('div', { className: 'quiet' }, ...Object.entries(COLORS).map(([name, color]) => {
      const mark = make('span', {}, '■ ');
      mark.style.color = color;
      return make('span', {}, mark, `${name} ${counts[name] ?? 0}  `);
    }));
    return make('div', {}, make('h3', {}, `${url} (${state}, ${size(bytes)} on the GPU)`), map, legend);
  }
}

/** @param {HTMLCanvasElement} map @param {[x: number, z: number, half: number, level: number, state: string][]} tiles @param {number[]} forward */
function paint(map, tiles, forward) {
  const context = map.getContext('2d');
  if (context === null) return;
  context.fillStyle = '#10141a';
  context.fillRect(0, 0, SIDE, SIDE);
  const seen = tiles.filter(([, , , , state]) => state !== 'absent');
  const reach = Math.max(1, ...(seen.length > 0 ? seen : tiles).map(([x, z, half]) => Math.min(Math.max(Math.abs(x), Math.abs(z)) + half, 4 * half + 2000)));
  const scale = SIDE / 2 / reach;
  for (const [x, z, half, , state] of [...tiles].sort((a, b) => a[3] - b[3])) { // coarse ones first
    const [left, top, side] = [SIDE / 2 + (x - half) * scale, SIDE / 2 + (z - half) * scale, 2 * half * scale];
    context.fillStyle = COLORS[state];
    context.fillRect(left, top, side, side);
    context.strokeStyle = '#10141a';
    context.strokeRect(left, top, side, side);
  }
  context.strokeStyle = context.fillStyle = '#fff';
  context.beginPath();
  context.moveTo(SIDE / 2, SIDE / 2);
  context.lineTo(SIDE / 2 + 24 * forward[0], SIDE / 2 + 24 * forward[1]);
  context.stroke();
  context.fillRect(SIDE / 2 - 3, SIDE / 2 - 3, 6, 6);
}
