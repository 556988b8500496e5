// @ts-check
/** @file Widgets that others lie in: rows, columns, grids, panels, dialogs, and places that follow things. */
import { make, widget } from './make.js';

/** @typedef {import('./make.js').Tell} Tell */
/** @typedef {import('./make.js').Widget} Widget */
/** @typedef {import('./make.js').Around} Around */

/** @param {string} className @returns {Widget} */
function plain(className) {
  const element = make('div', className);
  return { element, inside: element, set: () => {} };
}

/** @returns {Widget} */
function grid() {
  const element = make('div', 'grid');
  const setters = {
    columns: (/** @type {number} */ value) => element.style.setProperty('--columns', String(value)),
  };
  return { ...widget(element, setters), inside: element };
}

/** @returns {Widget} */
function panel() {
  const title = make('h2', 'heading');
  const inside = make('div', 'column');
  const element = make('section', 'panel', title, inside);
  return {
    ...widget(element, { title: (value) => { name(element, title, value); } }), inside,
  };
}

/** @param {HTMLElement} element @param {HTMLElement} title @param {string} value */
function name(element, title, value) {
  title.textContent = value;
  title.hidden = value === '';
  element.ariaLabel = value === '' ? null : value;
}

/** @param {Tell} tell @param {Around} around @returns {Widget} */
function dialog(tell, { areas, changed }) {
  const title = make('h2', 'title');
  const inside = make('div', 'column');
  const box = make('div', 'panel dialog', title, inside);
  const element = make('div', 'backdrop', box);
  box.tabIndex = -1;
  box.setAttribute('role', 'dialog');
  box.ariaModal = 'true';
  element.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.defaultPrevented) return;
    event.preventDefault(); // the keyboard stays in it
    tell('dismiss');
  });
  return {
    ...widget(element, { title: (value) => name(box, title, value) }), inside, area: areas.over, shown: changed,
  };
}

/** @param {Tell} _ @param {Around} around @returns {Widget} */
function at(_, { areas }) {
  const element = make('div', 'at column');
  const setters = {
    place: (/** @type {[number, number] | null} */ value) => {
      element.classList.toggle('away', value === null);
      if (value !== null) element.style.setProperty('translate', `calc(${value[0]}px - 50%) calc(${value[1]}px - 50%)`);
    },
  };
  return { ...widget(element, setters), inside: element, area: areas.at };
}

export const containers = { row: () => plain('row'), column: () => plain('column'), grid, panel, dialog, at };
