// @ts-check
/**
 * @file What the passes of a frame have drawn, as a picture: one target at a time, small, as often as the panel asks.
 *
 * Owns: how numbers become a picture: each target's own range is stretched over black to white, as light is far above one and
 * depth (reversed, in [0, 1]) close to zero. Does not: read the GPU; the engine copies (backends/common/looking.js).
 */
import { make, words } from './dom.js';

const SIDE = 360;
const GAMMA = 1 / 2.2;
const HIGH = 0.995; // of the numbers: what is brighter is white, so that a lamp leaves the rest to be seen
const ROUND = 4;
/** @type {Record<string, (at: number, data: Float32Array) => [number, number, number]>} */
const CHANNELS = {
  'red, green, blue': (at, data) => [data[at], data[at + 1], data[at + 2]],
  red: (at, data) => [data[at], data[at], data[at]],
  green: (at, data) => [data[at + 1], data[at + 1], data[at + 1]],
  blue: (at, data) => [data[at + 2], data[at + 2], data[at + 2]],
  alpha: (at, data) => [data[at + 3], data[at + 3], data[at + 3]],
};
const ONE_NUMBER = new Set(['depth32float', 'r32float']);

/** @typedef {import('../backends/common/looking.js').Looked} Looked */
/** @typedef {import('../backends/common/looking.js').Shown} Shown */

/** The least and the highest number of a picture, outliers left out. @param {Looked} looked
 * @param {(at: number, data: Float32Array) => number[]} channels @param {boolean} isDepth where 0 is infinitely far @returns {[number, number]} */
export function rangeOf({ data }, channels, isDepth) {
  const found = [];
  for (let at = 0; at < data.length; at += 4) {
    for (const value of channels(at, data)) if (Number.isFinite(value) && !(isDepth && value === 0)) found.push(value);
  }
  if (found.length === 0) return [0, 1];
  found.sort((a, b) => a - b);
  const low = Math.min(found[0], isDepth ? Infinity : 0), high = found[Math.floor(HIGH * (found.length - 1))];
  return [low, high > low ? high : low + 1];
}

/** As bytes; what is no number is magenta. @param {Looked} looked @param {(at: number, data: Float32Array) => number[]} channels
 * @param {[number, number]} range @param {boolean} isDepth */
export function bytesOf({ width, height, data }, channels, [low, high], isDepth) {
  const bytes = new Uint8ClampedArray(4 * width * height);
  const shown = (/** @type {number} */ value) => 255 * Math.min(Math.max((isDepth ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low)), 0), 1) ** GAMMA;
  for (let at = 0; at < data.length; at += 4) {
    const numbers = channels(at, data);
    const isNumber = numbers.every(Number.isFinite);
    bytes.set(isNumber ? numbers.map((value) => (isDepth && value === 0 ? 0 : shown(value))) : [255, 0, 255], at);
    bytes[at + 3] = 255;
  }
  return bytes;
}

export class Targets {
  #busy = false;

  /** @param {import('./inspector.js').Inspector} inspector */
  constructor(inspector) {
    this.inspector = inspector;
    this.choice = make('select', { 'aria-label': 'Target of the frame', onchange: () => this.refresh() });
    this.channel = make('select', { 'aria-label': 'Channel', onchange: () => this.refresh() },
      ...Object.keys(CHANNELS).map((name) => make('option', { value: name }, name)));
    this.canvas = make('canvas', { className: 'target', hidden: true, role: 'img' });
    this.told = make('div', { className: 'quiet' });
    this.element = make('div', {}, make('div', { className: 'parts' }, this.choice, this.channel), this.canvas, this.told);
    /** @type {Shown[]} */
    this.known = [];
  }

  async refresh() {
    if (this.#busy) return;
    this.#busy = true;
    try {
      this.#list(await this.inspector.host.request('targets'));
      const target = this.known.find(({ name }) => name === this.choice.value);
      if (target === undefined) this.#hide('');
      else this.#show(target, await this.inspector.host.request('target', { name: target.name, side: SIDE }));
    } catch (error) {
      this.#hide(words(error));
    } finally {
      this.#busy = false;
    }
  }

  /** @param {Shown[]} known */
  #list(known) {
    const same = known.length === this.known.length && known.every(({ name }, i) => name === this.known[i].name);
    this.known = known;
    if (same) return;
    const { value } = this.choice;
    this.choice.replaceChildren(make('option', { value: '' }, 'no picture'),
      ...known.map(({ name, passes }) => make('option', { value: name }, passes.length > 0 ? `${name} (${passes.join(', ')})` : name)));
    this.choice.value = known.some(({ name }) => name === value) ? value : '';
  }

  /** @param {string} text */
  #hide(text) {
    this.canvas.hidden = true;
    this.told.textContent = text;
  }

  /** @param {Shown} target @param {Looked} looked */
  #show({ name, format }, looked) {
    const isDepth = format === 'depth32float';
    this.channel.hidden = ONE_NUMBER.has(format);
    const channels = CHANNELS[ONE_NUMBER.has(format) ? 'red' : this.channel.value];
    const range = rangeOf(looked, channels, isDepth);
    const { width, height, fullWidth, fullHeight } = looked;
    Object.assign(this.canvas, { width, height, hidden: false, ariaLabel: `The target ${name}` });
    this.canvas.getContext('2d')?.putImageData(new ImageData(bytesOf(looked, channels, range, isDepth), width, height), 0, 0);
    const [low, high] = range.map((value) => Number(value.toPrecision(ROUND)));
    this.told.textContent = `${fullWidth} × ${fullHeight}, ${format}; black is ${low}, white ${high}`
      + (isDepth ? ': near is bright, and what is infinitely far is black.' : '.');
  }
}
