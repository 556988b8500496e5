// @ts-check
/**
 * @file The kinds of widgets as HTML: each makes its elements, takes values, and tells what a person did.
 *
 * Owns: which tags and attributes there are. A kind sets no other attribute than those written here, and no text as
 * markup.
 */

/** @typedef {(event: string, value?: unknown) => void} Tell */
/**
 * @typedef {object} Widget
 * @property {HTMLElement} element
 * @property {(name: string, value: any) => void} set
 * @property {HTMLElement} [inside] where those that lie in it go
 */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} className
 * @param {...(Node | string)} children
 */
function make(tag, className, ...children) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...children);
  return element;
}

/** @param {HTMLElement} element @param {Record<string, (value: any) => void>} setters @returns {Widget} */
function widget(element, setters) {
  return { element, set: (name, value) => setters[name]?.(value) };
}

/** @returns {Widget} */
function text() {
  const element = make('p', 'text');
  return widget(element, { text: (value) => { element.textContent = value; } });
}

/** @param {Tell} tell @returns {Widget} */
function button(tell) {
  const element = make('button', 'button');
  element.type = 'button';
  element.addEventListener('click', () => tell('click'));
  return widget(element, {
    text: (value) => { element.textContent = value; },
    enabled: (value) => { element.disabled = !value; },
  });
}

/** @param {Tell} tell @returns {Widget} */
function slider(tell) {
  const name = make('span', 'name');
  const shown = make('output', 'shown');
  const range = make('input', 'range');
  range.type = 'range';
  const element = make('label', 'control slider', name, shown, range);
  const show = (value = Number(range.value)) => {
    const [low, high] = [Number(range.min), Number(range.max)];
    range.style.setProperty('--fill', `${(100 * (value - low)) / (high - low || 1)}%`);
    shown.textContent = rounded(value, Number(range.step)); // what Python set may lie between two steps
  };
  range.addEventListener('input', () => {
    now = Number(range.value);
    show();
    tell('value', now);
  });
  let now = 0;
  const limit = (/** @type {'min' | 'max' | 'step' | 'value'} */ which) => (/** @type {number} */ value) => {
    if (which === 'value') now = value;
    range[which] = String(value);
    range.value = String(now); // which the old limits may have cut
    show(now);
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

/** @type {Record<string, (tell: Tell) => Widget>} */
export const KINDS = { text, button, slider };
