// @ts-check
/**
 * @file Words and widgets above the canvas: the page's half of `app.ui` (engine_py/layerw/ui/).
 *
 * Owns: one layer in the stage with a shadow root of its own: nine regions, what lies in them, and their listeners.
 * Does not: decide anything; patches come from Python, what a person does goes back. Text is text, never markup.
 */
import { addStyle } from '../styles.js';
import { guard } from './ui/keys.js';
import { STYLE } from './ui/style.js';
import { KINDS } from './ui/widgets.js';

/** In the order in which Tab walks. As in values.py. */
const ANCHORS = ['top left', 'top', 'top right', 'left', 'center', 'right', 'bottom left', 'bottom', 'bottom right'];

/** @typedef {import('./ui/widgets.js').Widget} Widget */
/** @typedef {{ widget: Widget, parent: number }} Placed */
/**
 * @typedef {object} Patch
 * @property {[number, string, number, Record<string, any>][]} [make] number, kind, parent, values
 * @property {Record<string, Record<string, any>>} [set] by number
 * @property {number[]} [drop]
 * @property {Record<string, string>} [theme] CSS variables; '' takes one away
 */

/** @type {import('../subsystems.js').Start} */
export function start(port) {
  const layer = new Layer(port);
  return { receive: (patch) => layer.apply(JSON.parse(patch)), close: () => layer.close() };
}

class Layer {
  /** @type {Map<number, Placed>} */
  #widgets = new Map();
  /** @type {Record<string, HTMLElement>} */
  #regions = {};

  /** @param {import('../subsystems.js').SubsystemPort} port */
  constructor(port) {
    this.port = port;
    this.host = document.createElement('div');
    this.host.className = 'ui';
    this.host.part.add('ui');
    this.root = this.host.attachShadow({ mode: 'open' });
    addStyle(this.root, STYLE);
    const all = document.createElement('div');
    all.className = 'layer';
    all.setAttribute('role', 'region');
    all.ariaLabel = 'Controls';
    for (const anchor of ANCHORS) {
      const region = document.createElement('div');
      region.className = `region ${anchor}`;
      this.#regions[anchor] = region;
    }
    all.append(...Object.values(this.#regions));
    this.root.append(all);
    port.stage.append(this.host);
    guard(this.host, this.root, port.stage, port.signal);
  }

  /** @param {Patch} patch */
  apply({ make = [], set = {}, drop = [], theme = {} }) {
    for (const [number, kind, parent, values] of make) this.#make(number, kind, parent, values);
    for (const number in set) this.#set(Number(number), set[number]);
    for (const number of drop) this.#drop(number);
    for (const name in theme) this.host.style.setProperty(name, theme[name]);
  }

  close() {
    this.host.remove();
    this.#widgets.clear();
  }

  /** @param {number} number @param {string} kind @param {number} parent @param {Record<string, any>} values */
  #make(number, kind, parent, values) {
    const widget = KINDS[kind]((event, value = null) => this.port.send({ id: number, event, value }));
    this.#widgets.set(number, { widget, parent });
    this.#set(number, values);
    this.#widgets.get(parent)?.widget.inside?.append(widget.element);
  }

  /** @param {number} number @param {Record<string, any>} values */
  #set(number, values) {
    const placed = this.#widgets.get(number);
    if (placed === undefined) return;
    const { widget, parent } = placed;
    for (const name in values) {
      const value = values[name];
      if (name === 'anchor') {
        if (parent === 0) this.#regions[value].append(widget.element);
      } else if (name === 'visible') widget.element.hidden = !value;
      else if (name === 'style') restyle(widget.element, value);
      else widget.set(name, value);
    }
  }

  /** With what lies in it. @param {number} number */
  #drop(number) {
    const placed = this.#widgets.get(number);
    if (placed === undefined) return;
    const hadFocus = this.root.activeElement !== null && placed.widget.element.contains(this.root.activeElement);
    placed.widget.element.remove();
    const gone = new Set([number]);
    for (const [other, { parent }] of this.#widgets) if (gone.has(parent)) gone.add(other); // parents come first
    for (const other of gone) this.#widgets.delete(other);
    if (hadFocus) this.port.stage.focus({ preventScroll: true });
  }
}

/** Python checks names and values; the CSSOM takes no more than one property's value. @param {HTMLElement} element @param {Record<string, string>} style */
function restyle(element, style) {
  element.removeAttribute('style');
  for (const name in style) element.style.setProperty(name.replaceAll('_', '-'), style[name]);
}
