// @ts-check
/**
 * @file Words and widgets above the canvas: the page's half of `app.ui` (engine_py/layerw/ui/).
 *
 * Owns: one layer in the stage with a shadow root of its own: nine regions, what lies in them, and their listeners.
 * Does not: decide anything; patches come from Python, what a person does goes back. Text is text, never markup.
 */
import { addStyle } from '../styles.js';
import { Focus } from './ui/focus.js';
import { make } from './ui/make.js';
import { ANCHORS, keepApart } from './ui/regions.js';
import { STYLE } from './ui/style.js';
import { KINDS } from './ui/widgets.js';

/** @typedef {import('./ui/make.js').Widget} Widget */
/** @typedef {{ widget: Widget, parent: number, style: string[] }} Placed style: the properties that Python set */
/**
 * @typedef {object} Patch
 * @property {[number, string, number, Record<string, any>][]} [make] number, kind, parent, values
 * @property {Record<string, Record<string, any>>} [set] by number
 * @property {number[]} [drop]
 * @property {Record<string, string>} [theme] CSS variables; '' takes one away
 * @property {number} [focus]
 */

/** @type {import('../subsystems.js').Start} */
export function start(port) {
  const layer = new Layer(port);
  return {
    receive: (value) => (typeof value === 'string' ? layer.apply(JSON.parse(value)) : layer.paint(value)),
    close: () => layer.close(),
  };
}

class Layer {
  /** @type {Map<number, Placed>} */
  #widgets = new Map();
  /** Regions by anchor, and `at` and `over`. @type {Record<string, HTMLElement>} */
  #areas = {};
  #ended = new AbortController();

  /** @param {import('../subsystems.js').SubsystemPort} port */
  constructor(port) {
    this.port = port;
    this.host = make('div', 'ui');
    this.host.part.add('ui');
    this.root = this.host.attachShadow({ mode: 'open' });
    addStyle(this.root, STYLE);
    for (const anchor of ANCHORS) this.#areas[anchor] = make('div', `region ${anchor}`);
    const regions = make('div', 'regions', ...Object.values(this.#areas));
    this.#areas.at = make('div', 'area');
    this.#areas.over = make('div', 'area');
    const all = make('div', 'layer', this.#areas.at, regions, this.#areas.over);
    all.setAttribute('role', 'region');
    all.ariaLabel = 'Controls';
    this.root.append(all);
    port.stage.append(this.host);
    this.focus = new Focus({ host: this.host, root: this.root, stage: port.stage, over: this.#areas.over,
      behind: [this.#areas.at, regions] }, port.signal);
    this.patched = keepApart(this.#areas, regions, this.#ended.signal);
    this.around = { files: port.options.appUrl, areas: this.#areas, changed: () => this.focus.dialogs() };
  }

  /** @param {Patch} patch */
  apply({ make: made = [], set = {}, drop = [], theme = {}, focus = 0 }) {
    for (const [number, kind, parent, values] of made) this.#make(number, kind, parent, values);
    for (const number in set) this.#set(Number(number), set[number]);
    for (const number of drop) this.#drop(number);
    for (const name in theme) this.host.style.setProperty(name, theme[name]);
    if (made.some(([, kind]) => kind === 'dialog')) this.focus.dialogs(); // now that they have what lies in them
    const chosen = this.#widgets.get(focus);
    this.patched();
    if (chosen !== undefined) this.focus.give(chosen.widget.element);
  }

  /** New pixels of pictures. @param {[number, any][]} all */
  paint(all) {
    for (const [number, pixels] of all) this.#widgets.get(number)?.widget.pixels?.(pixels);
  }

  close() {
    this.focus.end();
    this.#ended.abort();
    this.host.remove();
    this.#widgets.clear();
  }

  /** @param {number} number @param {string} kind @param {number} parent @param {Record<string, any>} values */
  #make(number, kind, parent, values) {
    const widget = KINDS[kind]((event, value = null) => this.port.send({ id: number, event, value }), this.around);
    this.#widgets.set(number, { widget, parent, style: [] });
    this.#set(number, values);
    const place = widget.area ?? this.#widgets.get(parent)?.widget.inside;
    place?.append(widget.element);
  }

  /** @param {number} number @param {Record<string, any>} values */
  #set(number, values) {
    const placed = this.#widgets.get(number);
    if (placed === undefined) return;
    const { widget, parent } = placed;
    for (const name in values) {
      const value = values[name];
      if (name === 'anchor') {
        if (parent === 0 && widget.area === undefined) this.#areas[value].append(widget.element);
      } else if (name === 'visible') {
        widget.element.hidden = !value;
        if (widget.element.isConnected) widget.shown?.(value);
      } else if (name === 'style') restyle(placed, value);
      else widget.set(name, value);
    }
  }

  /** With what lies in it. @param {number} number */
  #drop(number) {
    const placed = this.#widgets.get(number);
    if (placed === undefined) return;
    const { widget } = placed;
    const hadFocus = this.root.activeElement !== null && widget.element.contains(this.root.activeElement);
    const gone = new Set([number]);
    for (const [other, { parent }] of this.#widgets) if (gone.has(parent)) gone.add(other); // parents come first
    for (const other of gone) {
      const one = this.#widgets.get(other)?.widget;
      one?.element.remove(); // what follows a thing lies elsewhere
      this.#widgets.delete(other);
    }
    widget.shown?.(false);
    if (hadFocus && this.root.activeElement === null) this.port.stage.focus({ preventScroll: true });
  }
}

/** Python checks names and values; the CSSOM takes no more than one property's value. @param {Placed} placed @param {Record<string, string>} style */
function restyle(placed, style) {
  const target = placed.widget.element;
  for (const name of placed.style) target.style.removeProperty(name);
  placed.style = Object.keys(style).map((name) => name.replaceAll('_', '-'));
  for (const name in style) target.style.setProperty(name.replaceAll('_', '-'), style[name]);
}
