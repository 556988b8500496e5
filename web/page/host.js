/**
 * The page's half of one running program: starts the engine, carries input and messages to it and shows what it says.
 *
 * Owns: the canvas, listeners, panels and the element's events; `destroy` ends them all.
 * Does not: run Python or draw; where the engine runs, engine-thread.js knows.
 * Limits: a canvas is used once (one that had a WebGPU context never gives WebGL2), so every start makes one.
 */
import { EventWriter } from '../gen/events.js';
import { choice, readOptions } from './attributes.js';
import { OWN_PREFIX, decodeMessage, encodeMessage } from '../engine/message.js';
import { download } from './download.js';
import { EngineThread } from './engine-thread.js';
import { Input } from './input.js';
import { Notices, append } from './notices.js';
import { Overlay } from './overlay.js';
import { Panels } from './panels.js';
import { Silence } from './silence.js';
import { SurfaceSize } from './surface-size.js';

const OVERLAY_KEY = 'F3';
const LOG_NOTE = 4; // as in base/log.py
const LEVELS = ['info', 'warning', 'error', 'error', 'info']; // as in base/log.py

/** @typedef {import('../types.js').EngineOptions} EngineOptions */
/** @typedef {import('./attributes.js').ElementOptions} ElementOptions */
/** @typedef {{report: Record<string, any>}} Result */
/** @typedef {{message: object, resolve: (value: any) => void, reject: (error: Error) => void}} Asked */

/** One start of a program inside one element. */
export class Host {
  /** @type {string[]} */
  errors = [];
  /** Files of a run with `frames`: `layerw shot` takes them. @type {{name: string, bytes: Uint8Array<ArrayBuffer>}[]} */
  files = [];
  /** @type {Record<string, any> | null} */
  report = null;
  /** Whether the first frame is on the screen. */
  drawn = false;
  #abort = new AbortController();
  /** Under a development server. @type {import('./developing.js').Developing | null} */
  #developing = null;
  /** @type {Map<number, Asked>} */
  #replies = new Map();
  #requests = 0;
  /** Once a texture shows a picture of the page. @type {Promise<import('./feeds.js').Feeds> | null} */
  #feeds = null;
  /** Once the program has one with a half on the page. @type {Promise<import('./subsystems.js').Subsystems> | null} */
  #subsystems = null;
  #silence = new Silence({
    ask: () => this.thread.post({ type: 'ping' }),
    look: () => this.#developing?.look(),
    suspect: (where) => this.#developing?.suspect(where),
    tell: (text) => this.fail(text),
    untell: (text) => {
      this.errors.splice(this.errors.indexOf(text), 1);
      this.notices.hideError();
    },
  });
  /** In this task, which may be the one that moves the element. */
  #justBlurred = false;
  /** Whether the program runs: until then messages for it wait. */
  #running = false;
  /** @type {Uint8Array<ArrayBuffer>[]} */
  #unsent = [];
  #backend = { backend: '', note: '' };
  /** @type {(result: Result) => void} */
  #finish = () => {};
  #drawn = () => {};
  /** @type {(error: Error) => void} */
  #notDrawn = () => {};

  /**
   * @param {HTMLElement} element its attributes say what to run
   * @param {ShadowRoot} root
   * @param {import('./textures.js').PageTextures} textures of the element
   * @param {boolean} focused whether an earlier start had the keyboard
   */
  constructor(element, root, textures, focused) {
    this.element = element;
    /** With the last report of a run with `frames`, or when the program could not start. @type {Promise<Result>} */
    this.finished = new Promise((resolve) => (this.#finish = resolve));
    /** When the first frame is on the screen. @type {Promise<void>} */
    this.ready = new Promise((resolve, reject) => {
      this.#drawn = resolve;
      this.#notDrawn = reject;
    });
    this.ready.catch(() => {}); // nobody has to wait for it
    this.notices = new Notices(root);
    this.overlay = new Overlay(root);
    this.canvas = this.#newCanvas();
    this.panels = new Panels(this.notices.stage);
    this.thread = this.#newThread();
    const events = new EventWriter((words) => this.input.muted || this.thread.post({ type: 'input', words }, [words.buffer]));
    this.input = new Input(this.notices.stage, events, () => choice(element, 'wheel'));
    this.size = new SurfaceSize(this.notices.stage, (size) => this.thread.post({ type: 'resize', ...size }));
    this.textures = textures;
    this.#listen();
    this.focused = focused || element.hasAttribute('autofocus');
    this.moved();
    /** @type {ElementOptions} */
    this.options = this.#readOptions();
    if (this.options.query?.['layerw-ui'] === 'drawn') this.input.hearTyping(); // engine_py/layerw/ui/native, to look at it
    if (this.errors.length === 0) this.#start();
  }

  /** The element was taken out of its document, perhaps to be put back: the browser has just taken the keyboard away. */
  leaving() {
    this.focused ||= this.#justBlurred;
  }

  /** The element has another place: what the move took away comes back. */
  moved() {
    if (this.focused) this.notices.stage.focus({ preventScroll: true });
  }

  /**
   * Sends a value to the program.
   * @param {string} name
   * @param {unknown} value
   */
  send(name, value) {
    this.#post(encodeMessage(name, value));
  }

  /** @param {Uint8Array<ArrayBuffer>} payload a message for the program, which may not run yet */
  #post(payload) {
    if (this.#running) this.thread.post({ type: 'message', payload }, [payload.buffer]);
    else this.#unsent.push(payload);
  }

  /**
   * Asks the engine; see requests.js for what it answers.
   * @param {string} what
   * @param {unknown} [argument]
   * @returns {Promise<any>}
   */
  request(what, argument) {
    const id = ++this.#requests;
    const message = { type: 'request', id, what, argument };
    this.thread.post(message);
    return new Promise((resolve, reject) => this.#replies.set(id, { message, resolve, reject }));
  }

  /** What a subsystem's half on the page has made. @param {string} name @returns {Promise<unknown>} undefined: it does not run */
  async made(name) {
    return (await this.#subsystems)?.made(name);
  }

  /** Ends everything. @returns {Promise<boolean>} when it has ended; false where the engine's worker did not end itself */
  destroy() {
    this.#abort.abort();
    this.size.destroy();
    this.#feeds?.then((feeds) => feeds.destroy(), () => {});
    this.#subsystems?.then((all) => all.close());
    this.input.destroy();
    this.#developing?.close();
    this.#silence.end();
    this.#notDrawn(new Error('The program was ended before its first frame.'));
    return this.thread.end();
  }

  /** @returns {ElementOptions} */
  #readOptions() {
    try {
      return readOptions(this.element);
    } catch (error) {
      this.#startFailed(/** @type {Error} */ (error).message);
      return /** @type {ElementOptions} */ ({ frames: 0 });
    }
  }

  #newThread() {
    return new EngineThread((message) => this.#receive(message), (text) => this.#startFailed(text));
  }

  /** Their code comes with the first order, and orders stay in their order. @param {import('./feeds.js').Order} order */
  #feed(order) {
    this.#feeds ??= import('./feeds.js').then(({ Feeds }) =>
      new Feeds(this.textures, (message, transfer) => this.thread.post(message, transfer)));
    this.#feeds.then((feeds) => this.#abort.signal.aborted || feeds.receive(order), (error) => this.fail(`Pictures of the page can't be taken: ${error}`));
  }

  /** Their code comes with the first message to one. @param {string} name @param {unknown} value */
  #toSubsystem(name, value) {
    this.#subsystems ??= import('./subsystems.js').then(({ Subsystems }) => new Subsystems({
      element: this.element, stage: this.notices.stage, now: this, options: this.options, signal: this.#abort.signal,
      post: (payload) => this.#post(payload), log: (level, text) => this.#log(level, text),
    }, (text) => this.fail(text)));
    this.#subsystems.then((all) => this.#abort.signal.aborted || all.receive(name, value));
  }

  #newCanvas() {
    const canvas = append('canvas', '', this.notices.stage);
    canvas.part.add('canvas');
    return canvas;
  }

  async #start() {
    const inWorker = this.options.thread === 'worker';
    if (inWorker && !('transferControlToOffscreen' in this.canvas)) return this.#startHere('This browser gives a worker no canvas.');
    try {
      await this.thread.start(this.canvas, { ...this.options, ...this.size.now() });
    } catch (error) {
      this.#startFailed(`The engine could not start: ${error}`);
    }
  }

  /** In place of a worker that can't draw. @param {string} reason */
  #startHere(reason) {
    this.thread.end();
    this.#replaceCanvas();
    this.options = { ...this.options, thread: 'main', threadNote: `On the page's thread: ${reason}` };
    this.thread = this.#newThread();
    for (const { message } of this.#replies.values()) this.thread.post(message);
    this.thread.post({ type: 'hidden', hidden: document.hidden });
    this.#start();
  }

  /** @param {string} text */
  #startFailed(text) {
    this.fail(text);
    this.#notDrawn(new Error(text));
    this.#finish({ report: { errors: this.errors } });
  }

  #listen() {
    const { signal } = this.#abort;
    const tellHidden = () => this.thread.post({ type: 'hidden', hidden: document.hidden });
    document.addEventListener('visibilitychange', tellHidden, { signal });
    tellHidden();
    window.addEventListener('online', () => this.thread.post({ type: 'online' }), { signal });
    this.notices.stage.addEventListener('focus', () => (this.focused = true), { signal });
    this.notices.stage.addEventListener('blur', () => this.#blurred(), { signal });
    addEventListener('keydown', (event) => {
      if (event.code !== OVERLAY_KEY) return;
      event.preventDefault();
      this.showOverlay(!this.overlay.shown);
    }, { signal });
  }

  #blurred() {
    this.focused = false;
    this.#justBlurred = true;
    queueMicrotask(() => (this.#justBlurred = false));
  }

  /** @param {boolean} shown */
  showOverlay(shown) {
    this.overlay.show(shown);
    this.thread.post({ type: 'overlay', shown });
  }

  #replaceCanvas() {
    const fresh = this.#newCanvas();
    this.canvas.replaceWith(fresh);
    this.canvas = fresh;
  }

  /** The worker's canvas died with the GPU process: another takes its place. */
  #renewCanvas() {
    this.#replaceCanvas();
    const canvas = this.canvas.transferControlToOffscreen();
    this.thread.post({ type: 'canvas', canvas }, [canvas]);
  }

  /** @param {string} text shown on the page, whole */
  fail(text) {
    this.notices.showError(text);
    if (this.errors.includes(text)) return;
    this.errors.push(text);
    this.#developing?.say(2, text);
    console.error(text);
    this.#emit('layerw-error', text);
  }

  /**
   * An event of the element. It bubbles and leaves shadow trees.
   * @param {string} name
   * @param {unknown} detail
   * @param {boolean} [cancelable]
   * @returns {boolean} false where a listener of a cancelable one said preventDefault()
   */
  #emit(name, detail, cancelable = false) {
    return this.element.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable }));
  }

  /** @param {any} message from the engine */
  #receive(message) {
    const handler = this.#handlers[message.type];
    if (handler) handler(message);
  }

  /** @type {Record<string, (message: any) => void>} */
  #handlers = {
    progress: ({ stage, fraction, bytes }) => this.#progress(stage, fraction, bytes),
    pong: () => this.#silence.answered(),
    busy: ({ where }) => this.#silence.located(where),
    manifest: ({ manifest, mailbox, lacks }) => {
      if (manifest.engine === 'zip' && this.options.frames === 0) this.#develop(mailbox, lacks);
    },
    debug: (message) => this.#developing?.debug(message),
    backend: ({ name, note }) => {
      this.#backend = { backend: name, note };
      this.element.dataset.backend = name;
      if (this.options.frames === 0) this.notices.setNote(note);
    },
    noBackend: ({ reason }) => this.#startHere(reason),
    drawn: () => {
      this.drawn = true;
      this.#drawn();
      if (this.options.kept.why) this.#log(LOG_NOTE, this.options.kept.why);
      this.#emit('layerw-ready', { ...this.#backend, thread: this.options.thread });
    },
    fail: ({ text }) => this.fail(text),
    panel: ({ shown }) => this.panels.show(shown),
    feed: ({ order }) => this.#feed(order),
    message: ({ head, arrays }) => {
      const { name, value } = decodeMessage(head, arrays);
      if (name.startsWith(OWN_PREFIX)) this.#toSubsystem(name.slice(OWN_PREFIX.length), value);
      else {
        this.#developing?.message(name, value);
        this.#emit(name, value);
      }
    },
    file: ({ name, bytes }) => this.#takeFile(name, bytes),
    renewCanvas: () => this.#renewCanvas(),
    log: ({ level, text }) => this.#log(level, text),
    inputMode: ({ pointerLock }) => this.input.setPointerLock(pointerLock),
    frame: ({ ms }) => this.overlay.addFrame(ms),
    report: ({ report }) => this.#setReport(report),
    result: ({ report }) => this.#finish({ report }),
    reply: ({ id, value, error }) => {
      const reply = this.#replies.get(id);
      this.#replies.delete(id);
      if (error === undefined) reply?.resolve(value);
      else reply?.reject(new Error(error));
    },
  };

  /** A development server says what changed, and an editor may ask. @param {SharedArrayBuffer | null} mailbox @param {string} lacks */
  async #develop(mailbox, lacks) {
    const { Developing } = await import('./developing.js');
    if (!this.#abort.signal.aborted) this.#developing = new Developing(this, () => this.#running, this.#silence, mailbox, lacks);
  }

  /** @param {string} stage @param {number} fraction 1: the program runs @param {[done: number, total: number]} [bytes] */
  #progress(stage, fraction, bytes) {
    this.notices.setProgress(stage, fraction, bytes);
    this.#emit('layerw-progress', { stage, fraction, ...(bytes && { bytes: bytes[0], bytesTotal: bytes[1] }) });
    const inWorker = this.options.thread === 'worker';
    if (inWorker && (stage === 'program' || stage === 'running')) this.#silence.begin(stage === 'program');
    if (fraction < 1) return;
    this.#running = true;
    for (const payload of this.#unsent.splice(0)) this.thread.post({ type: 'message', payload }, [payload.buffer]);
  }

  /**
   * A file that the program made. A page that embeds the element may take it: `layerw-file`, then preventDefault();
   * else it is offered as a download.
   * @param {string} name
   * @param {Uint8Array<ArrayBuffer>} bytes a PNG
   */
  #takeFile(name, bytes) {
    if (this.options.frames > 0) return void this.files.push({ name, bytes });
    const blob = new Blob([bytes], { type: 'image/png' });
    if (this.#emit('layerw-file', { name, blob }, true)) download(name, blob);
  }

  /**
   * @param {number} level
   * @param {string} text
   */
  #log(level, text) {
    this.#emit('layerw-log', { level: LEVELS[level] ?? 'error', text });
    const told = level === LOG_NOTE ? 0 : level;
    if (told < 2 || !this.errors.includes(text)) this.#developing?.say(told, text);
    if (level === LOG_NOTE) this.notices.setNote(text);
    if (level === 0 || level === LOG_NOTE) console.log(text);
    else if (level === 1) console.warn(text);
    else if (!this.errors.includes(text)) {
      console.error(text);
      this.errors.push(text);
      if (this.options.frames === 0) this.notices.showLog(text);
    }
  }

  /** @param {Record<string, any>} report */
  #setReport(report) {
    if (this.report === null && this.options.frames === 0 && report.overlay === true) this.showOverlay(true);
    this.report = report;
    if (this.overlay.shown) this.overlay.setReport(report);
    this.#emit('layerw-report', report);
  }
}
