// @ts-check
/**
 * @file The chosen entity's components, each field with what fits its type: a slider, numbers, a colour, a box to check.
 *
 * Owns: the inputs; what is typed is the program's at once, and what the program changes shows in all inputs but the
 * focused one. Does not: check values; Python's sentence is shown beside the field.
 */
import { button, make, words } from './dom.js';
import { writeInto } from './writing.js';

const SLIDER_MOST = 65535; // whole numbers beyond it have no slider
const WRITABLE = ['position', 'rotation', 'scale', 'color']; // arguments of app.spawn

/** @typedef {{ name: string, type: string, value: any[], unit?: string, names?: string[], least?: number, most?: number, quaternion?: number[] }} Field */
/** @typedef {{ name: string, fields: Field[] }} Component */
/** @typedef {{ field: Field, show: (value: any[]) => void, told: HTMLElement }} Shown */

const hex = (/** @type {number} */ byte) => byte.toString(16).padStart(2, '0');

export class Fields {
  #key = '';
  /** @type {Map<string, Shown>} */
  #shown = new Map();
  /** What was typed last, until the program has it. @type {Promise<void>} */
  #typed = Promise.resolve();
  /** What Python said last. @type {any} */
  #found = null;

  /** @param {import('./inspector.js').Inspector} inspector */
  constructor(inspector) {
    this.inspector = inspector;
    this.element = make('div', { className: 'fields' });
  }

  async refresh() {
    const { chosen } = this.inspector;
    if (chosen === null) return this.#message('Choose an entity in the list, or press Pick and click on one in the picture.');
    let found;
    try {
      found = await this.inspector.ask('fields', chosen);
    } catch (error) {
      return this.#message(words(error));
    }
    if (this.inspector.chosen !== chosen) return;
    this.#found = found;
    const key = JSON.stringify([chosen, found.static, found.parent?.row, found.components.map((/** @type {Component} */ { name, fields }) => [name, fields.map((one) => one.name)])]);
    if (key !== this.#key) this.#build(found, key);
    for (const { name, fields } of found.components) for (const field of fields) this.#update(name, field);
  }

  /** @param {string} text */
  #message(text) {
    if (this.#key === text) return;
    this.#key = text;
    this.#shown.clear();
    this.element.replaceChildren(make('p', { className: 'quiet' }, text));
  }

  /** @param {any} found @param {string} key */
  #build(found, key) {
    const { chosen } = this.inspector;
    this.#key = key;
    this.#shown.clear();
    const head = make('p', {}, `${chosen?.name}${found.static ? ' (static)' : ''} `);
    if (found.parent) head.append('moves with ', button(found.parent.name, () => this.inspector.choose(found.parent)));
    this.element.replaceChildren(head, ...found.components.map((/** @type {Component} */ { name, fields }) => make('fieldset', {},
      make('legend', {}, name || 'Entity'), ...fields.map((field) => this.#row(name, field)))));
  }

  /** @param {string} component @param {Field} field */
  #update(component, field) {
    const shown = this.#shown.get(`${component}.${field.name}`);
    if (!shown) return;
    shown.field = field;
    shown.show(field.value);
  }

  /** @param {string} component @param {Field} field */
  #row(component, field) {
    const told = make('div', { role: 'status' });
    const parts = make('div', { className: 'parts', ...(field.value.length > 1 && { role: 'group', ariaLabel: `all of ${field.name}` }) });
    const inputs = this.#inputs(field, parts, (value) => { this.#typed = this.#put(component, field.name, value, told); });
    this.#shown.set(`${component}.${field.name}`, { field, show: inputs, told });
    const row = make('div', { className: 'field' }, make('span', {}, field.name + (field.unit ? `, ${field.unit}` : '')), parts);
    if (component === '' && WRITABLE.includes(field.name)) {
      row.append(button('→ source', () => this.#write(field.name, told), { title: `Write this ${field.name} into the spawn call`, ariaLabel: `Write ${field.name} into the source` }));
    }
    return make('div', {}, row, told);
  }

  /** @param {string} component @param {string} field @param {any[]} value @param {HTMLElement} told */
  async #put(component, field, value, told) {
    try {
      await this.inspector.ask('put', { ...this.inspector.chosen, component, field, value });
      told.textContent = '';
    } catch (error) {
      told.className = 'trouble';
      told.textContent = words(error);
    }
  }

  /** @param {Field} field @param {HTMLElement} parts @param {(value: any[]) => void} put @returns {(value: any[]) => void} shows a value */
  #inputs(field, parts, put) {
    if (field.type === 'flag') return flag(field, parts, put);
    if (field.type === 'color') return color(field, parts, put);
    return numbers(field, parts, put);
  }

  /** @param {string} name @param {HTMLElement} told */
  async #write(name, told) {
    await this.#typed;
    await this.refresh(); // what is shown may be older than what was typed
    const field = this.#shown.get(`.${name}`)?.field;
    if (!field || !this.#found) return;
    const value = name === 'color' ? `#${field.value.slice(0, field.value[3] === 255 ? 3 : 4).map(hex).join('')}` : field.quaternion ?? field.value;
    told.className = 'quiet';
    told.textContent = 'Writing …';
    try {
      told.textContent = await writeInto(this.inspector, this.#found, name, value);
      told.className = 'done';
    } catch (error) {
      told.textContent = words(error);
      told.className = 'trouble';
    }
  }
}

/** Whether somebody types or drags there. @param {HTMLElement} input */
const isBusy = (input) => input.matches(':focus, :active');

/** @param {Field} field @param {HTMLElement} parts @param {(value: any[]) => void} put */
function flag({ name }, parts, put) {
  const box = make('input', { type: 'checkbox', ariaLabel: name, onchange: () => put([box.checked]) });
  parts.append(box);
  return (/** @type {any[]} */ [on]) => { box.checked = on; };
}

/** @param {Field} field @param {HTMLElement} parts @param {(value: any[]) => void} put */
function color({ name }, parts, put) {
  const send = () => put([...[1, 3, 5].map((at) => parseInt(rgb.value.slice(at, at + 2), 16)), Number(alpha.value)]);
  const rgb = make('input', { type: 'color', ariaLabel: name, oninput: send });
  const alpha = make('input', { type: 'range', min: '0', max: '255', ariaLabel: `${name}, alpha`, oninput: send });
  parts.append(rgb, alpha);
  return (/** @type {number[]} */ value) => {
    if (!isBusy(rgb)) rgb.value = `#${value.slice(0, 3).map(hex).join('')}`;
    if (!isBusy(alpha)) alpha.value = `${value[3]}`;
  };
}

/** @param {Field} field @param {HTMLElement} parts @param {(value: any[]) => void} put */
function numbers({ name, value, names = ['x', 'y', 'z', 'w'], least, most }, parts, put) {
  const one = value.length === 1;
  const send = () => {
    const given = inputs.map((input) => input.valueAsNumber);
    if (given.every(Number.isFinite)) put(given);
  };
  const inputs = value.map((_, i) => make('input', { type: 'number', step: most === undefined ? 'any' : '1', ariaLabel: one ? name : `${name} ${names[i]}`,
    oninput: send, ...(least !== undefined && { min: `${least}` }), ...(most !== undefined && { max: `${most}` }) }));
  parts.append(...inputs);
  const slider = one && (most ?? 0) <= SLIDER_MOST ? make('input', { type: 'range', step: most === undefined ? 'any' : '1', ariaLabel: `${name}, slider`,
    ...range(value[0], least, most), oninput: () => put([slider?.valueAsNumber]) }) : null;
  if (slider) parts.prepend(slider);
  return (/** @type {number[]} */ now) => {
    inputs.forEach((input, i) => { if (!isBusy(input)) input.value = now[i] === null ? '' : `${now[i]}`; });
    if (slider && !isBusy(slider)) {
      if (now[0] > Number(slider.max) || now[0] < Number(slider.min)) Object.assign(slider, range(now[0], least, most));
      slider.value = `${now[0]}`;
    }
  };
}

/** From nothing to twice what it is. @param {number} value @param {number} [least] @param {number} [most] */
function range(value, least, most) {
  if (most !== undefined) return { min: `${least ?? 0}`, max: `${most}` };
  return { min: `${Math.min(2 * value, 0)}`, max: `${Math.max(2 * value, 1)}` };
}
