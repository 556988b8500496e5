/**
 * The main thread's half of one running program: starts the engine in a worker or here, carries input to it and
 * shows what it says.
 *
 * Owns: the canvas, the port, the worker, listeners and panels; `destroy` ends them all.
 * Does not: run Python or draw.
 * Limits: a canvas is used once (one that had a WebGPU context never gives WebGL2), so every start makes one.
 */
import { EventWriter } from '../gen/events.js';
import { Input } from './input.js';
import { makeWorker } from '../engine/module-worker.js';
import { Overlay } from './overlay.js';
import { Notices, append } from './notices.js';
import { Panels } from './panels.js';
import { ReloadSocket } from './reload.js';
import { Silence } from './silence.js';

const SIDE_PX_MAX = 8192;
const FILE_KEPT_MS = 60_000; // a browser may ask the person first
const OVERLAY_KEY = 'F3';
const LOG_NOTE = 4; // as in base/log.py
const STOP_MS_MAX = 1000; // for job workers to end their chunks

/** @typedef {import('../types.js').EngineOptions} EngineOptions */
/** @typedef {{report: Record<string, any>}} Result */

/** One start of a program inside one element. */
export class Host {
  /** @type {string[]} */
  errors = [];
  /** Files of a run with `frames`: `layerw shot` takes them. @type {{name: string, bytes: Uint8Array<ArrayBuffer>}[]} */
  files = [];
  /** @type {Record<string, any> | null} */
  report = null;
  /** Resolves with the last report of a run with `frames`, or when the program could not start. */
  /** @type {Promise<Result>} */
  finished;
  #channel = new MessageChannel();
  #abort = new AbortController();
  #observer = new ResizeObserver(() => this.#port.postMessage({ type: 'resize', ...this.#size() }));
  /** @type {Worker | null} */
  #worker = null;
  /** @type {ReloadSocket | null} */
  #reload = null;
  /** @type {Map<number, {resolve: (value: any) => void, reject: (error: Error) => void}>} */
  #replies = new Map();
  #requests = 0;
  #silence = new Silence({
    ask: () => this.#port.postMessage({ type: 'ping' }),
    tell: (text) => this.fail(text),
    untell: (text) => {
      this.errors.splice(this.errors.indexOf(text), 1);
      this.notices.hideError();
    },
  });
  #hasThreads = false;
  /** @type {(result: Result) => void} */
  #finish = () => {};

  /**
   * @param {HTMLElement} element
   * @param {ShadowRoot} root
   * @param {Omit<EngineOptions, 'width' | 'height' | 'pixelRatio'>} options
   */
  constructor(element, root, options) {
    this.element = element;
    this.options = options;
    this.finished = new Promise((resolve) => (this.#finish = resolve));
    this.notices = new Notices(root);
    this.overlay = new Overlay(root);
    this.canvas = append('canvas', '', this.notices.stage);
    this.panels = new Panels(this.notices.stage);
    this.#port.onmessage = ({ data }) => this.#receive(data);
    const events = new EventWriter((words) => this.#port.postMessage({ type: 'input', words }, [words.buffer]));
    this.input = new Input(this.notices.stage, events);
    this.#listen();
    if (element.hasAttribute('autofocus')) this.notices.stage.focus({ preventScroll: true });
    this.#start();
  }

  get #port() {
    return this.#channel.port1;
  }

  /**
   * Asks the engine; see requests.js for what it answers.
   * @param {string} what
   * @param {unknown} [argument]
   * @returns {Promise<any>}
   */
  request(what, argument) {
    const id = ++this.#requests;
    this.#port.postMessage({ type: 'request', id, what, argument });
    return new Promise((resolve, reject) => this.#replies.set(id, { resolve, reject }));
  }

  /** Ends everything. @returns {Promise<boolean>} when it has ended; false where the engine's worker did not end itself */
  destroy() {
    this.#port.postMessage({ type: 'stop' });
    this.#abort.abort();
    this.#observer.disconnect();
    this.input.destroy();
    this.#reload?.close();
    this.#silence.end();
    // The message above ends the engine tidily on this thread; a worker may be stuck in Python.
    return this.#worker === null ? Promise.resolve(true) : this.#endWorker(this.#worker);
  }

  /** Where the engine has job workers, it gets the time to end them. @param {Worker} worker */
  async #endWorker(worker) {
    let tidy = false;
    if (this.#hasThreads) {
      tidy = await new Promise((resolve) => {
        this.#port.onmessage = ({ data }) => data.type === 'stopped' && resolve(true);
        setTimeout(resolve, STOP_MS_MAX, false);
      });
    }
    worker.terminate();
    this.#port.close();
    return tidy;
  }

  async #start() {
    try {
      const size = this.#size();
      const options = { ...this.options, ...size };
      if (options.thread === 'worker') this.#startWorker(options);
      else await this.#startHere(options);
    } catch (error) {
      this.fail(`The engine could not start: ${error}`);
      this.#finish({ report: { errors: this.errors } });
    }
  }

  /** @param {EngineOptions} options */
  #startWorker(options) {
    const url = new URL('engine/engine-worker.js', options.baseUrl);
    this.#worker = makeWorker(url, 'layerw');
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const text = event.message ?? `the worker script ${url} could not be loaded`;
      this.fail(`The engine's worker failed: ${text}.`);
      this.#finish({ report: { errors: this.errors } });
    };
    const canvas = this.canvas.transferControlToOffscreen();
    const port = this.#channel.port2;
    this.#worker.postMessage({ port, canvas, options }, [port, canvas]);
  }

  /** @param {EngineOptions} options */
  async #startHere(options) {
    const { startEngine } = await import('../engine/engine.js');
    startEngine({ port: this.#channel.port2, canvas: this.canvas, options });
  }

  #listen() {
    const { signal } = this.#abort;
    this.#observer.observe(this.notices.stage);
    const tellHidden = () => this.#port.postMessage({ type: 'hidden', hidden: document.hidden });
    document.addEventListener('visibilitychange', tellHidden, { signal });
    tellHidden();
    window.addEventListener('online', () => this.#port.postMessage({ type: 'online' }), { signal });
    addEventListener('keydown', (event) => {
      if (event.code !== OVERLAY_KEY) return;
      event.preventDefault();
      this.showOverlay(!this.overlay.shown);
    }, { signal });
  }

  /** @param {boolean} shown */
  showOverlay(shown) {
    this.overlay.show(shown);
    this.#port.postMessage({ type: 'overlay', shown });
  }

  /** The worker's canvas died with the GPU process: another takes its place. */
  #renewCanvas() {
    const fresh = append('canvas', '', this.notices.stage);
    this.canvas.replaceWith(fresh);
    this.canvas = fresh;
    const canvas = fresh.transferControlToOffscreen();
    this.#port.postMessage({ type: 'canvas', canvas }, [canvas]);
  }

  /** The surface in device pixels. */
  #size() {
    const pixelRatio = devicePixelRatio;
    const box = this.notices.stage.getBoundingClientRect();
    const side = (/** @type {number} */ css) => Math.min(SIDE_PX_MAX, Math.max(1, Math.round(css * pixelRatio)));
    return { width: side(box.width), height: side(box.height), pixelRatio };
  }

  /** @param {string} text shown on the page, whole */
  fail(text) {
    this.notices.showError(text);
    if (this.errors.includes(text)) return;
    this.errors.push(text);
    console.error(text);
    this.element.dispatchEvent(new CustomEvent('layerw-error', { detail: text, bubbles: true }));
  }

  /** @param {any} message from the engine */
  #receive(message) {
    const handler = this.#handlers[message.type];
    if (handler) handler(message);
  }

  /** @type {Record<string, (message: any) => void>} */
  #handlers = {
    progress: ({ stage, fraction }) => {
      this.notices.setProgress(stage, fraction);
      if (this.#worker !== null && (stage === 'program' || stage === 'running')) this.#silence.begin(stage === 'program');
    },
    pong: () => this.#silence.answered(),
    manifest: ({ manifest }) => {
      if (manifest.engine === 'zip' && this.options.frames === 0) this.#reload = new ReloadSocket(this.options.baseUrl);
    },
    backend: ({ name, note }) => {
      this.element.dataset.backend = name;
      if (this.options.frames === 0) this.notices.setNote(note);
    },
    fail: ({ text }) => this.fail(text),
    panel: ({ shown }) => this.panels.show(shown),
    file: ({ name, bytes }) => this.#takeFile(name, bytes),
    renewCanvas: () => this.#renewCanvas(),
    threads: () => (this.#hasThreads = true),
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

  /**
   * A file that the program made. A page that embeds the element may take it: `layerw-file`, then preventDefault();
   * else it is offered as a download.
   * @param {string} name
   * @param {Uint8Array<ArrayBuffer>} bytes a PNG
   */
  #takeFile(name, bytes) {
    if (this.options.frames > 0) return void this.files.push({ name, bytes });
    const blob = new Blob([bytes], { type: 'image/png' });
    const event = new CustomEvent('layerw-file', { detail: { name, blob }, bubbles: true, cancelable: true });
    if (this.element.dispatchEvent(event)) download(name, blob);
  }

  /**
   * @param {number} level
   * @param {string} text
   */
  #log(level, text) {
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
    this.element.dispatchEvent(new CustomEvent('layerw-report', { detail: report }));
  }
}

/**
 * Offers a file as a download.
 * @param {string} name only its last part counts
 * @param {Blob} blob
 */
function download(name, blob) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name.slice(name.lastIndexOf('/') + 1);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), FILE_KEPT_MS);
}
