// @ts-check
/**
 * @file The page between Python that stands and whoever looks at it: an editor behind the development server, the panel.
 *
 * Owns: the mailbox to Python, the socket to the server while an editor is there, whether the program stands.
 * Does not: know what commands mean. Limits: while the program stands the page gives it no input: it would all come at once.
 */
import { Mailbox } from '../engine/debugging.js';

const PATIENCE_MS = 3000; // until the program runs without what an editor may want
const OWN = 'page '; // begins the numbers of what the panel asks

/**
 * @typedef {object} Hooks
 * @property {(stands: boolean) => void} standing
 * @property {(level: number, text: string) => void} say to the terminal
 */

export class Debugging {
  #begun = false;
  #stands = false;
  /** @type {WebSocket | null} */
  #link = null;
  /** @type {Promise<import('./debug-panel.js').DebugPanel> | null} */
  #panel = null;
  /** @type {Map<string, {resolve: (body: any) => void, reject: (error: Error) => void}>} */
  #asked = new Map();
  #count = 0;
  #abort = new AbortController();

  /**
   * @param {import('./host.js').Host} host
   * @param {SharedArrayBuffer | null} buffer
   * @param {string} lacks why there is none
   * @param {Hooks} hooks
   */
  constructor(host, buffer, lacks, hooks) {
    this.host = host;
    this.lacks = lacks;
    this.hooks = hooks;
    this.mailbox = buffer && new Mailbox(buffer, () => this.host.thread.post({ type: 'debug' }));
    setTimeout(() => this.#begin([]), PATIENCE_MS);
  }

  /** @param {boolean} wanted an editor is there */
  wanted(wanted) {
    if (wanted && this.#link === null) this.#open();
    else if (!wanted) this.#begin([]);
  }

  /** @param {string[]} commands before the program's first line */
  #begin(commands) {
    if (this.#begun) for (const command of commands) this.#send(command);
    else this.host.thread.post({ type: 'debugReady', commands });
    this.#begun = true;
  }

  #open() {
    const url = new URL('../dap/page', this.host.options.baseUrl);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const link = this.#link = new WebSocket(url);
    link.onopen = () => this.#tell({ event: 'page', body: { lacks: this.lacks, title: document.title, stands: this.#stands } });
    link.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.first) this.#begin(message.first.map((/** @type {object} */ one) => JSON.stringify(one)));
      else this.#send(data);
    };
    link.onclose = () => {
      this.#link = null;
      this.#begin([]);
      this.#send('{"command": "leave"}');
    };
  }

  /** @param {string} text a command, to Python */
  #send(text) {
    if (this.mailbox?.send(text)) return;
    const { id } = JSON.parse(text);
    if (id !== undefined) this.#tell({ id, error: this.lacks || 'The command is too long.' });
  }

  /** @param {object} message to the editor */
  #tell(message) {
    if (this.#link?.readyState === WebSocket.OPEN) this.#link.send(JSON.stringify(message));
  }

  /** Asks Python, which stands. @param {string} command @param {object} args @returns {Promise<any>} */
  ask(command, args = {}) {
    const id = OWN + ++this.#count;
    this.#send(JSON.stringify({ id, command, arguments: args }));
    return new Promise((resolve, reject) => this.#asked.set(id, { resolve, reject }));
  }

  /** @param {{taken?: true, text?: string}} message from the engine */
  receive({ taken, text }) {
    if (taken) return this.mailbox?.next();
    const message = JSON.parse(text ?? '{}');
    const own = this.#asked.get(message.id);
    if (own) {
      this.#asked.delete(message.id);
      if (message.error === undefined) return own.resolve(message.body);
      return own.reject(new Error(message.error));
    }
    this.#tell(message);
    if (message.event === 'stopped') this.#stopped(message.body);
    else if (message.event === 'continued') this.#goesOn();
    else if (message.event === 'output') this.hooks.say(0, message.body.output.trimEnd());
  }

  /** @param {any} body */
  #stopped(body) {
    this.#stands = true;
    this.hooks.standing(true);
    this.host.input.mute(true);
    this.#shown((panel) => panel.stopped(body));
  }

  #goesOn() {
    this.#stands = false;
    for (const { reject } of this.#asked.values()) reject(new Error('The program goes on.'));
    this.#asked.clear();
    this.#shown((panel) => panel.hide());
    this.host.input.mute(false);
    this.hooks.standing(false);
  }

  /** @param {(panel: import('./debug-panel.js').DebugPanel) => void} show */
  #shown(show) {
    this.#panel ??= import('./debug-panel.js').then(({ DebugPanel }) =>
      new DebugPanel(/** @type {ShadowRoot} */ (this.host.element.shadowRoot), this, this.#abort.signal));
    this.#panel.then(show, (error) => this.host.fail(`The debugger's panel could not be shown: ${error}`));
  }

  /** Python, where it runs, says where it is. */
  look() {
    this.mailbox?.interrupt();
  }

  /** @param {string} where the program has been for too long; '': it came back */
  suspect(where) {
    if (where === '') {
      if (this.#panel !== null) this.#shown((panel) => panel.hideLoop());
      return;
    }
    this.hooks.say(1, `The program has not come back for 2 s. It is in ${where}.`);
    this.#shown((panel) => panel.showLoop(where));
  }

  /** Ends the callback that keeps the thread; everything else stays. */
  kill() {
    this.#send('{"command": "kill"}');
  }

  /** Stops at the line that runs, or the next one. */
  pause() {
    this.#send('{"command": "pause"}');
  }

  close() {
    this.#abort.abort();
    if (this.#link) this.#link.onclose = null;
    this.#link?.close();
  }
}
