// @ts-check
/**
 * @file Where the program stands, on the page: the line, the stack, the values, buttons and keys to go on; and the bar
 * over a program that does not come back.
 *
 * Owns: its DOM. Does not: decide anything. Limits: text only; F8, F10, F11 are taken while the program stands.
 */
import { append } from './notices.js';
import { addStyle } from './styles.js';

const STYLE = `
.debug, .loop { position: absolute; right: 8px; top: 8px; box-sizing: border-box; max-height: calc(100% - 16px);
  width: min(430px, calc(100% - 16px)); overflow: auto; border-radius: 6px; background: #161b22f2; color: #dfe7f0;
  font: 12px/1.5 ui-monospace, monospace; box-shadow: 0 0 0 1px #5aa9e655, 0 8px 24px #0008; z-index: 3; }
.loop { padding: 10px 12px; font-family: system-ui, sans-serif; }
.debug header { position: sticky; top: 0; padding: 8px 10px; background: #1f2733; }
.debug h2 { margin: 0 0 6px; font: 600 13px/1.4 system-ui, sans-serif; overflow-wrap: anywhere; }
.debug button, .loop button { position: static; margin: 0 6px 0 0; padding: 3px 9px; border-radius: 4px;
  background: #2d3948; color: #fff; font: 12px/1.4 system-ui, sans-serif; }
.debug button:focus-visible, .loop button:focus-visible, .debug input:focus-visible { outline: 2px solid #5aa9e6; }
.loop button { margin: 8px 6px 0 0; }
.debug ol { margin: 0; padding: 6px 0; list-style: none; border-bottom: 1px solid #2a323d; white-space: pre;
  overflow-x: auto; counter-reset: line var(--first, 0); }
.debug .code li { padding: 0 10px; }
.debug .code li::before { counter-increment: line; content: counter(line); display: inline-block; width: 3.5em;
  color: #8492a3; }
.debug .code .now { background: #4d3d10; }
.debug .stack button { display: block; width: 100%; margin: 0; padding: 1px 10px; border-radius: 0; background: none;
  color: inherit; font: inherit; text-align: left; }
.debug .stack [aria-current] { background: #24476b; }
.debug .stack .subtle { color: #8492a3; }
.debug .values { padding: 6px 10px; }
.debug .values div, .debug summary { overflow-wrap: anywhere; }
.debug .values div div, .debug details > div { padding-left: 14px; }
.debug .name { color: #8ecbff; }
.debug .type { color: #8492a3; }
.debug form { padding: 0 10px 10px; }
.debug input { box-sizing: border-box; width: 100%; padding: 4px 6px; border: 1px solid #2d3948; border-radius: 4px;
  background: #10141a; color: inherit; font: inherit; }
`;

const WORDS = /** @type {Record<string, string>} */ ({
  breakpoint: 'Stopped', step: 'Stopped', pause: 'Stopped', exception: 'Raised',
});
/** @type {[label: string, title: string, command: string][]} */
const BUTTONS = [
  ['Continue', 'F8', 'continue'], ['Over', 'F10', 'next'], ['In', 'F11', 'stepIn'], ['Out', 'Shift+F11', 'stepOut'],
];
const CHILDREN_MAX = 100;

/**
 * @typedef {{name: string, value: string, type: string, variablesReference: number, indexedVariables?: number}} Variable
 * @typedef {{id: number, name: string, line: number, source: {name: string, path?: string, origin?: string}}} Frame
 * @typedef {{reason: string, text: string, frames: Frame[], excerpt: {first: number, lines: string[]}, variables: Variable[]}} Stopped
 */

export class DebugPanel {
  #frame = 1;

  /**
   * @param {ShadowRoot} root
   * @param {import('./debugging.js').Debugging} debugging
   * @param {AbortSignal} signal
   */
  constructor(root, debugging, signal) {
    addStyle(root, STYLE);
    this.debugging = debugging;
    this.panel = append('section', 'debug', root);
    this.panel.ariaLabel = 'Debugger';
    this.loop = append('div', 'loop', root);
    this.loop.setAttribute('role', 'alert');
    const head = append('header', '', this.panel);
    this.title = append('h2', '', head);
    this.title.setAttribute('role', 'status');
    for (const [label, title, command] of BUTTONS) this.#button(head, label, () => this.#go(command)).title = title;
    this.#button(head, 'Give up', () => debugging.kill()).title = 'Ends this callback; all else stays';
    this.code = append('ol', 'code', this.panel);
    this.stack = append('ol', 'stack', this.panel);
    this.values = append('div', 'values', this.panel);
    this.#console();
    for (const part of [this.panel, this.loop]) {
      part.part.add(part.className);
      part.hidden = true;
    }
    addEventListener('keydown', (event) => this.#key(event), { signal, capture: true });
    signal.addEventListener('abort', () => [this.panel, this.loop].forEach((part) => part.remove()));
  }

  /** @param {Stopped} body */
  stopped({ reason, text, frames, excerpt, variables }) {
    const [{ line, source }] = frames;
    const where = `${WORDS[reason] ?? reason} in line ${line} of ${source.path ?? source.origin}`;
    this.title.textContent = text === '' || text === 'breakpoint()' ? where : `${where}: ${text}`;
    this.code.style.setProperty('--first', `${excerpt.first - 1}`);
    this.code.replaceChildren();
    excerpt.lines.forEach((one, i) => {
      const item = append('li', excerpt.first + i === line ? 'now' : '', this.code);
      item.textContent = one || ' ';
    });
    this.#frame = 1;
    this.stack.replaceChildren();
    for (const frame of frames) this.#addFrame(frame);
    this.#show(variables);
    this.loop.hidden = true;
    this.panel.hidden = false;
  }

  hide() {
    this.panel.hidden = true;
  }

  /** @param {string} where the program is, which does not come back */
  showLoop(where) {
    this.loop.replaceChildren();
    append('div', '', this.loop).textContent = `The program has not come back for 2 s. It is in ${where}.`;
    this.#button(this.loop, 'Stop it', () => this.debugging.kill()).title = 'Ends this callback; all else stays';
    this.#button(this.loop, 'Look at it', () => this.debugging.pause()).title = 'Stops in this line';
    this.loop.hidden = false;
  }

  hideLoop() {
    this.loop.hidden = true;
  }

  /** @param {HTMLElement} parent @param {string} label @param {() => void} act */
  #button(parent, label, act) {
    const button = append('button', '', parent);
    button.type = 'button';
    button.textContent = label;
    button.onclick = act;
    return button;
  }

  /** @param {string} command */
  #go(command) {
    this.debugging.ask(command).catch(() => {}); // it has gone on already
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (this.panel.hidden) return;
    const key = (event.shiftKey ? 'Shift+' : '') + event.key;
    const found = BUTTONS.find(([, title]) => title === key);
    if (!found) return;
    event.preventDefault();
    event.stopPropagation();
    this.#go(found[2]);
  }

  /** @param {Frame} frame */
  #addFrame({ id, name, line, source }) {
    const item = append('li', source.path === undefined ? 'subtle' : '', this.stack);
    const button = this.#button(item, `${name}  ${source.path ?? source.origin}:${line}`, async () => {
      this.#frame = id;
      this.#mark(item);
      const { scopes } = await this.debugging.ask('scopes', { frameId: id });
      this.#show((await this.debugging.ask('variables', { variablesReference: scopes[0].variablesReference })).variables);
    });
    if (id === this.#frame) button.ariaCurrent = 'true';
  }

  /** @param {HTMLElement} item */
  #mark(item) {
    for (const button of this.stack.querySelectorAll('button')) button.ariaCurrent = item.contains(button) ? 'true' : null;
  }

  /** @param {Variable[]} variables */
  #show(variables) {
    this.values.replaceChildren();
    if (variables.length === 0) append('div', 'type', this.values).textContent = 'No variables.';
    for (const one of variables) this.#addVariable(one, this.values);
  }

  /** @param {Variable} variable @param {HTMLElement} parent */
  #addVariable({ name, value, type, variablesReference: reference, indexedVariables: size }, parent) {
    const opens = reference > 0;
    const details = opens ? append('details', '', parent) : null;
    const line = details ? append('summary', '', details) : append('div', '', parent);
    append('span', 'name', line).textContent = name;
    append('span', '', line).textContent = ` ${value} `;
    append('span', 'type', line).textContent = type;
    details?.addEventListener('toggle', async () => {
      const inside = append('div', '', details);
      const { variables } = await this.debugging.ask('variables', { variablesReference: reference, count: CHILDREN_MAX });
      for (const one of variables) this.#addVariable(one, inside);
      if ((size ?? 0) > CHILDREN_MAX) append('div', 'type', inside).textContent = `… ${size} in all`;
    }, { once: true });
  }

  /** A line to type Python into. */
  #console() {
    const form = append('form', '', this.panel);
    const input = append('input', '', form);
    input.placeholder = 'Python, in this frame';
    input.ariaLabel = 'Python, in this frame';
    input.addEventListener('keydown', (event) => event.key.startsWith('F') && event.key !== 'F' || event.stopPropagation());
    const output = append('div', 'values', form);
    form.onsubmit = async (event) => {
      event.preventDefault();
      const expression = input.value;
      const line = append('div', '', output);
      try {
        const found = await this.debugging.ask('evaluate', { expression, frameId: this.#frame, context: 'repl' });
        this.#addVariable({ name: expression, value: found.result, type: found.type ?? '', ...found }, line);
        input.value = '';
      } catch (error) {
        line.textContent = `${expression}: ${/** @type {Error} */ (error).message}`;
      }
    };
  }
}
