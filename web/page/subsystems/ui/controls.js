// @ts-check
/** @file Widgets with a value that a person changes: native controls in labels, and a list box. */
import { make, widget } from './make.js';

/** @typedef {import('./make.js').Tell} Tell */
/** @typedef {import('./make.js').Widget} Widget */

let ids = 0; // of a list's rows, for aria-activedescendant

/** @param {Tell} tell @returns {Widget} */
function slider(tell) {
  const name = make('span', 'name');
  const shown = make('span', 'shown'); // an <output> would be what the label names, and the range would have no name
  shown.ariaHidden = 'true'; // the range says it
  const range = make('input', 'range');
  range.type = 'range';
  const element = make('label', 'control slider', name, shown, range);
  let now = 0;
  const show = () => {
    const [low, high] = [Number(range.min), Number(range.max)];
    range.style.setProperty('--fill', `${(100 * (now - low)) / (high - low || 1)}%`);
    shown.textContent = rounded(now, Number(range.step)); // what Python set may lie between two steps
  };
  range.addEventListener('input', () => {
    now = Number(range.value);
    show();
    tell('value', now);
  });
  const limit = (/** @type {'min' | 'max' | 'step' | 'value'} */ which) => (/** @type {number} */ value) => {
    if (which === 'value') now = value;
    range[which] = String(value);
    range.value = String(now); // which the limits before may have cut
    show();
  };
  return widget(element, {
    text: (value) => { name.textContent = value; },
    enabled: (value) => { range.disabled = !value; },
    low: limit('min'), high: limit('max'), step: limit('step'), value: limit('value'),
  });
}

/** As many digits as a step has. @param {number} value @param {number} step */
function rounded(value, step) {
  const digits = step > 0 ? Math.min(Math.max(Math.ceil(-Math.log10(step) - 1e-9), 0), 6) : 2;
  return value.toFixed(digits);
}

/** @param {Tell} tell @returns {Widget} */
function checkbox(tell) {
  const name = make('span', 'name');
  const box = make('input', 'check');
  box.type = 'checkbox';
  box.addEventListener('change', () => tell('value', box.checked));
  return widget(make('label', 'control checkbox', name, box), {
    text: (value) => { name.textContent = value; },
    enabled: (value) => { box.disabled = !value; },
    value: (value) => { box.checked = value; },
  });
}

/** @param {Tell} tell @returns {Widget} */
function select(tell) {
  const name = make('span', 'name');
  const list = make('select', 'field');
  let now = '';
  list.addEventListener('change', () => tell('value', now = list.value));
  return widget(make('label', 'control', name, list), {
    text: (value) => { name.textContent = value; },
    enabled: (value) => { list.disabled = !value; },
    options: (/** @type {string[]} */ texts) => {
      list.replaceChildren(...texts.map((text) => new Option(text, text)));
      now = list.value = texts.includes(now) ? now : texts[0];
    },
    value: (value) => { now = list.value = value; },
  });
}

/** @param {Tell} tell @returns {Widget} */
function input(tell) {
  const name = make('span', 'name');
  const field = make('input', 'field');
  field.type = 'text';
  field.autocomplete = 'off';
  field.spellcheck = false;
  const told = () => tell('value', field.value);
  // While an input method composes, what stands there is no text yet.
  field.addEventListener('input', (event) => /** @type {InputEvent} */ (event).isComposing || told());
  field.addEventListener('compositionend', told);
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.isComposing) tell('enter');
    if (event.key === 'Escape' && event.isComposing) event.preventDefault();
  });
  return widget(make('label', 'control', name, field), {
    text: (value) => { name.textContent = value; },
    enabled: (value) => { field.disabled = !value; },
    placeholder: (value) => { field.placeholder = value; },
    length_max: (value) => { field.maxLength = value; },
    secret: (value) => { field.type = value ? 'password' : 'text'; },
    value: (value) => { if (field.value !== value) field.value = value; }, // else the caret would jump
  });
}

/** @param {Tell} tell @returns {Widget} */
function list(tell) {
  const name = make('span', 'name');
  const box = make('ul', 'rows');
  box.tabIndex = 0;
  box.setAttribute('role', 'listbox');
  let now = -1;
  let enabled = true;
  const show = (/** @type {number} */ row) => {
    box.children[now]?.setAttribute('aria-selected', 'false');
    now = row in box.children ? row : -1;
    const chosen = box.children[now];
    chosen?.setAttribute('aria-selected', 'true');
    chosen?.scrollIntoView({ block: 'nearest' });
    if (chosen) box.setAttribute('aria-activedescendant', chosen.id);
    else box.removeAttribute('aria-activedescendant');
  };
  const choose = (/** @type {number} */ row) => {
    if (!enabled || row === now || !(row in box.children)) return;
    show(row);
    tell('value', now);
  };
  box.addEventListener('click', (event) => {
    const row = /** @type {Element} */ (event.target).closest('li');
    if (row !== null) choose([...box.children].indexOf(row));
  });
  box.addEventListener('keydown', (event) => {
    const last = box.children.length - 1;
    const to = { ArrowDown: Math.min(now + 1, last), ArrowUp: Math.max(now - 1, 0), Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    choose(to);
  });
  return widget(make('div', 'control list', name, box), {
    text: (value) => { name.textContent = box.ariaLabel = value; },
    enabled: (value) => {
      enabled = value;
      box.ariaDisabled = value ? null : 'true';
    },
    items: (/** @type {string[]} */ texts) => {
      box.replaceChildren(...texts.map((text) => row(text)));
      show(now);
    },
    value: (value) => show(value ?? -1),
  });
}

/** @param {string} text */
function row(text) {
  const element = make('li', '', text);
  element.id = `row-${ids++}`;
  element.setAttribute('role', 'option');
  element.setAttribute('aria-selected', 'false');
  return element;
}

export const controls = { slider, checkbox, select, input, list };
