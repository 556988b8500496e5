// @ts-check
/** @file What the program said: prints, warnings, errors, and its messages to the page. */
import { button, make } from './dom.js';

const KINDS = ['print', 'warning', 'error', 'error', 'note', 'message'];

export class Log {
  title = 'Log';

  /** @param {import('./inspector.js').Inspector} inspector */
  constructor(inspector) {
    this.inspector = inspector;
    this.find = make('input', { type: 'search', placeholder: 'Filter', ariaLabel: 'Filter the log', oninput: () => this.#all() });
    this.list = make('div', { role: 'log', ariaLabel: 'What the program said' });
    this.element = make('div', {}, this.find, button('Clear', () => { inspector.page.said.length = 0; this.#all(); }), this.list);
    inspector.page.heard = (said) => this.#add(said);
    this.#all();
  }

  refresh() {} // each line comes by itself

  #all() {
    this.list.replaceChildren();
    for (const said of this.inspector.page.said) this.#add(said);
  }

  /** @param {import('../page/inspecting.js').Said} said */
  #add({ level, text, at }) {
    if (!text.toLowerCase().includes(this.find.value.toLowerCase())) return;
    const line = make('p', { className: `said l${level}` }, `${(at / 1000).toFixed(2)}  ${KINDS[level] ?? 'error'}  ${text}`);
    this.list.append(line);
    if (this.list.childElementCount > 500) this.list.firstElementChild?.remove();
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    if (scrollHeight - scrollTop - clientHeight < 80) line.scrollIntoView({ block: 'nearest' });
  }
}
