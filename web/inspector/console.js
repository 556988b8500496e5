// @ts-check
/** @file Python in the running program: lines in, values out, completions. Its names are those of the program's main file. */
import { make, words } from './dom.js';

const COMPLETE_MS = 120;
const SHOWN_MAX = 30;

export class Console {
  title = 'Console';
  /** @type {string[]} */
  #history = [];
  #place = 0;
  #timer = 0;

  /** @param {import('./inspector.js').Inspector} inspector */
  constructor(inspector) {
    this.inspector = inspector;
    this.output = make('div', { className: 'output', role: 'log', ariaLabel: 'Output of the console' },
      make('p', { className: 'quiet' }, 'Enter runs, Shift+Enter begins a line, Tab completes, Up and Down bring back. `_` is the last value, `chosen` the chosen entity.'));
    this.found = make('ul', { ariaLabel: 'Completions' });
    this.input = make('textarea', { rows: 2, spellcheck: false, ariaLabel: 'Python, in the running program', placeholder: 'Python, in the running program',
      oninput: () => this.#soon(), onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event) });
    this.element = make('div', { className: 'console' }, this.output, this.found, this.input);
  }

  refresh() {}

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === 'Enter' && !event.shiftKey) this.#run();
    else if (event.key === 'Tab' && !event.shiftKey && /[\w.]$/.test(this.#before())) this.#complete(true);
    else if (event.key === 'ArrowUp' && !this.#before().includes('\n') && this.#place > 0) this.#recall(this.#place - 1);
    else if (event.key === 'ArrowDown' && this.#place < this.#history.length) this.#recall(this.#place + 1);
    else return;
    event.preventDefault();
  }

  #before() {
    return this.input.value.slice(0, this.input.selectionStart);
  }

  /** @param {number} place */
  #recall(place) {
    this.#place = place;
    this.input.value = this.#history[place] ?? '';
  }

  #soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#complete(false), COMPLETE_MS);
  }

  /** @param {boolean} put whether what all completions share is put in */
  async #complete(put) {
    const before = this.#before();
    if (!/[\w.]$/.test(before)) return this.found.replaceChildren();
    /** @type {string[]} */
    const found = await this.inspector.ask('complete', { text: before }).catch(() => []);
    if (before !== this.#before()) return;
    this.found.replaceChildren(...found.slice(0, SHOWN_MAX).map((name) => make('li', {}, name)));
    if (!put || found.length === 0) return;
    const word = /[\w.]*$/.exec(before)?.[0] ?? '';
    const shared = found.reduce((a, b) => { let n = 0; while (n < a.length && a[n] === b[n]) n += 1; return a.slice(0, n); });
    if (shared.length <= word.length) return;
    this.input.setRangeText(shared, before.length - word.length, before.length, 'end');
  }

  async #run() {
    const text = this.input.value.trim();
    if (text === '') return;
    this.input.value = '';
    this.found.replaceChildren();
    this.#history.push(text);
    this.#place = this.#history.length;
    this.#line('', `>>> ${text}`);
    try {
      const { printed, result, type, failed } = await this.inspector.ask('run', { text, ...this.inspector.chosen });
      if (printed !== '') this.#line('', printed.trimEnd());
      if (failed !== '') this.#line('l2', failed);
      else if (type !== '') this.#line('l5', result);
    } catch (error) {
      this.#line('l2', words(error));
    }
  }

  /** @param {string} kind @param {string} text */
  #line(kind, text) {
    const line = make('p', { className: `said ${kind}` }, text);
    this.output.append(line);
    line.scrollIntoView({ block: 'nearest' });
  }
}
