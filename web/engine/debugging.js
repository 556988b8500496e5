// @ts-check
/**
 * @file The debugger's way between the page and Python, which may keep this thread: shared memory in, messages out.
 *
 * Owns: one mailbox for one command, and CPython's interrupt buffer. Python that stands waits on the mailbox; Python that
 * runs looks into the interrupt buffer every few hundred instructions and then takes what lies there. Does not: know
 * commands (layerw/debugging does). Limits: in a worker of an isolated page, under a development server; elsewhere it
 * says what is lacking. MESSAGE_BYTES_MAX a command.
 *
 *     int32 size of the command, 0: empty | uint8 signal for CPython, 3 free | bytes of the command
 */
const SIGNAL_BYTE = 4;
const HEAD_BYTES = 8;
export const MESSAGE_BYTES_MAX = 64 * 1024;
const WAIT_MS = 1000;
export const SIGUSR1 = 10; // as in busy.js

/** The page's end of the mailbox. */
export class Mailbox {
  /** @type {Uint8Array<ArrayBuffer>[]} */
  #waiting = [];

  /** @param {SharedArrayBuffer} buffer @param {() => void} poke the engine's thread, where Python does not run */
  constructor(buffer, poke) {
    this.words = new Int32Array(buffer, 0, 1);
    this.signal = new Uint8Array(buffer, SIGNAL_BYTE, 1);
    this.bytes = new Uint8Array(buffer, HEAD_BYTES);
    this.poke = poke;
  }

  /** @param {string} text @returns {boolean} false: it is too long */
  send(text) {
    const bytes = new TextEncoder().encode(text);
    if (bytes.length > MESSAGE_BYTES_MAX) return false;
    this.#waiting.push(bytes);
    this.next();
    return true;
  }

  /** The engine took one. */
  next() {
    if (this.#waiting.length === 0 || Atomics.load(this.words, 0) !== 0) return;
    const bytes = /** @type {Uint8Array<ArrayBuffer>} */ (this.#waiting.shift());
    this.bytes.set(bytes);
    Atomics.store(this.words, 0, bytes.length);
    Atomics.notify(this.words, 0);
    this.interrupt();
    this.poke();
  }

  /** Python, where it runs, says where it is. */
  interrupt() {
    Atomics.store(this.signal, 0, SIGUSR1);
  }
}

/** The engine's end. */
export class Debugging {
  /** What is wanted before the program's first line runs. @type {string[]} */
  #first = [];
  #ready = () => {};
  /** Whether the inspector is open from the start: then it hears which line spawns what. */
  inspects = false;
  /** When the page has said that. @type {Promise<void>} */
  ready = new Promise((resolve) => (this.#ready = resolve));

  /**
   * @param {import('../types.js').EngineOptions} options
   * @param {(message: object) => void} post to the page
   */
  constructor(options, post) {
    this.post = post;
    this.lacks = lacking(options);
    this.buffer = this.lacks === '' ? new SharedArrayBuffer(HEAD_BYTES + MESSAGE_BYTES_MAX) : null;
    if (this.buffer === null) {
      this.#ready();
      return;
    }
    this.words = new Int32Array(this.buffer, 0, 1);
    /** For Pyodide's setInterruptBuffer. */
    this.signal = new Uint8Array(this.buffer, SIGNAL_BYTE, 1);
    this.bytes = new Uint8Array(this.buffer, HEAD_BYTES);
  }

  /** @param {string[]} commands */
  begin(commands) {
    this.#first = commands;
    this.#ready();
  }

  get hasCommand() {
    return this.#first.length > 0 || (this.words !== undefined && Atomics.load(this.words, 0) !== 0);
  }

  /** What Python imports as `layerw_debugger`. */
  module() {
    return {
      lacks: () => this.lacks,
      send: (/** @type {string} */ text) => this.post({ type: 'debug', text: String(text) }),
      take: () => this.#take(),
      wait: () => {
        if (this.words === undefined) return '';
        Atomics.wait(this.words, 0, 0, WAIT_MS);
        return this.#take();
      },
    };
  }

  /** Between two frames: Python takes what came. @param {any} pyodide */
  poll(pyodide) {
    if (pyodide !== null && this.hasCommand) pyodide.runPython(POLL_PY);
  }

  /** @returns {string} */
  #take() {
    const first = this.#first.shift();
    if (first !== undefined) return first;
    if (this.words === undefined || this.bytes === undefined || this.signal === undefined) return '';
    const size = Atomics.load(this.words, 0);
    if (size === 0) return '';
    const text = new TextDecoder().decode(this.bytes.slice(0, size)); // no view of shared memory is taken
    Atomics.store(this.signal, 0, 0);
    Atomics.store(this.words, 0, 0);
    this.post({ type: 'debug', taken: true });
    return text;
  }
}

const POLL_PY = 'from layerw.debugging import Debugger\nDebugger.of_page().poll()';

/** @param {import('../types.js').EngineOptions} options @returns {string} why Python can't stand here; '': it can */
function lacking({ frames, thread, isolated }) {
  if (frames > 0) return 'this is a run of a number of frames, which nobody watches';
  if (thread !== 'worker') return 'the engine runs on the page\'s own thread, which must not wait; leave thread="main" away';
  if (!isolated || typeof SharedArrayBuffer === 'undefined') {
    return 'the page is not isolated, so no memory is shared; open the address that layerw run prints, without isolate=0';
  }
  return '';
}
