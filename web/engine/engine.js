/**
 * Wires the engine: heap, inbox, decoder, backend, transfers, Python, frame loop. Runs in a worker or on the
 * main thread; it never touches the DOM and talks to host.js through one MessagePort.
 *
 * Owns: the start order of the parts, and what one frame is on the JavaScript side.
 * Does not: decode (decoder.js), draw (backends/), fetch for programs (fetcher.js), decide anything (Python).
 * Limits: one engine per element; after an engine error the last picture stays and Python is not called again.
 */
import { chooseBackend } from '../backends/choose.js';
import { BetweenFrames } from './between-frames.js';
import { PythonBoot } from './boot.js';
import { debuggingOf } from './debugging-start.js';
import { Decoder } from './decoder.js';
import { Transfers } from '../transfer/fetcher.js';
import { Feeds } from './feeds.js';
import { Figures } from './figures.js';
import { FrameLoop } from './frame-loop.js';
import { recoverGpu } from './gpu-recovery.js';
import { EventWriter } from '../gen/events.js';
import { Glue } from '../glue.js';
import { Heap } from './heap.js';
import { Inbox } from './inbox.js';
import { FarThreads } from '../kernels/far-threads.js';
import { LayerThreads } from '../kernels/layer-threads.js';
import { Layer } from '../kernels/layer.js';
import { Panels } from './panels.js';
import { Readbacks } from './readbacks.js';
import { Reporter } from './reporter.js';
import { splitMessage } from './message.js';
import { answerRequest } from './requests.js';

/** A `log` command's level: the page shows the text whole. */
const LOG_EXCEPTION = 3;

/** @typedef {import('../types.js').EngineOptions} EngineOptions */
/** @typedef {import('../types.js').Backend} Backend */
/** @typedef {import('./runtime.js').Runtime} Runtime */

/**
 * @param {{port: MessagePort, canvas: HTMLCanvasElement | OffscreenCanvas, options: EngineOptions, runtime?: Runtime | null}} parts
 *   runtime: where Python is starting already
 */
export function startEngine({ port, canvas, options, runtime = null }) {
  return new Engine(port, canvas, options).start(runtime);
}

const BETWEEN_FRAMES = -1; // for dt_s: App.frame_step knows it

/** One running program. */
export class Engine {
  heap = new Heap();
  inbox = new Inbox();
  between = new BetweenFrames(() => this.#goOn());
  figures = new Figures();
  events = new EventWriter((words) => this.inbox.push(words));
  /** @type {Backend | null} */
  backend = null;
  /** Pyodide's API object, once it is loaded. @type {any} */
  pyodide = null;
  /** The kernels with Layer memory, compiled while Python loads. @type {Layer | null} */
  layer = null;
  /** Of Layer memory, once it is open. @type {LayerThreads | null} */
  threads = null;
  /** Of physics, where its steps run on several threads. @type {FarThreads | null} */
  far = null;
  /** @type {{width: number, height: number, pixelRatio: number} | null} */
  #resize = null;
  #stopped = false;
  /** @type {PythonBoot | null} */
  #boot = null;
  /** Under a development server. @type {import('./debugging.js').Debugging | null} */
  #debugging = null;
  /** @type {(canvas: OffscreenCanvas) => void} */
  #freshCanvas = () => {};

  /**
   * @param {MessagePort} port
   * @param {HTMLCanvasElement | OffscreenCanvas} canvas
   * @param {EngineOptions} options
   */
  constructor(port, canvas, options) {
    this.port = port;
    this.canvas = canvas;
    this.options = options;
    this.reporter = new Reporter(this);
    this.transfers = new Transfers({
      heap: this.heap,
      events: new EventWriter((words) => {
        this.inbox.pushTransfer(words);
        this.between.wake();
      }),
      decodeWorkers: options.decodeWorkers,
      baseUrl: options.appUrl,
      decodersUrl: new URL(options.runtimeUrl, location.href).href,
      can: () => this.sinks.gpu?.driver?.limits.compressed ?? 0,
      layer: () => this.layer,
    });
    this.readbacks = new Readbacks({
      heap: this.heap,
      events: this.events,
      layer: () => this.layer,
      saveFile: (name, bytes) => this.port.postMessage({ type: 'file', name, bytes }, [bytes.buffer]),
    });
    this.panels = new Panels({
      layer: () => this.layer,
      post: (shown, transfer) => this.port.postMessage({ type: 'panel', shown }, transfer),
    });
    this.feeds = new Feeds({
      heap: this.heap,
      events: this.events,
      baseUrl: options.appUrl,
      post: (order) => this.port.postMessage({ type: 'feed', order }),
    });
    this.glue = new Glue({
      submit: (address, words) => this.decoder.submit(address, words),
      fail: (text) => this.fail(text),
      busy: (where) => this.#busy(where),
      options: () => this.#optionsForPython(),
      openLayer: (budgetBytes) => this.#openLayer(budgetBytes),
      setThreads: (count) => this.threads?.set(count) ?? 1,
      openFar: (address, sizeBytes, names) => this.#openFar(address, sizeBytes, names),
      setFarThreads: (count) => this.far?.set(count) ?? 1,
    });
    this.sinks = { gpu: /** @type {any} */ (null), transfers: this.transfers, page: this.#page() };
    this.decoder = new Decoder({
      heap: this.heap,
      sinks: this.sinks,
      onError: (text) => this.reporter.log(2, text),
    });
    const fast = options.clock === 'virtual' && options.backend === 'null';
    this.loop = new FrameLoop((time_s, dt_s) => this.#step(time_s, dt_s), {
      virtual: options.clock === 'virtual',
      fast,
      waits: () => (this.backend?.compiling ?? 0) > 0 || (options.sound === 'record' && this.transfers.stats().inFlight > 0),
    });
    port.onmessage = ({ data }) => this.#receive(data);
  }

  /** Boots everything at once; Python runs once the backend can draw. @param {Runtime | null} runtime */
  async start(runtime) {
    try {
      this.reporter.mark('engine');
      const choice = chooseBackend(this.options.backend).catch((error) => this.#noBackend(error));
      choice.catch(() => {});
      // Without navigator.gpu the choice takes a moment; a worker that can't draw starts no Python to throw away.
      if (!navigator.gpu) await choice;
      const boot = this.#boot = new PythonBoot(this.options, {
        progress: (stage, fraction, bytes) => this.port.postMessage({ type: 'progress', stage, fraction, bytes }),
        mark: (name, now) => this.reporter.mark(name, now),
        log: (level, text) => this.reporter.log(level, text),
      }, runtime);
      const backend = this.#createBackend(choice).catch((error) => this.#noBackend(error));
      const layer = Layer.load(this.options.kernelsUrl, this.options.isolated).catch((error) => {
        this.reporter.log(1, String(error.message));
        return null;
      });
      backend.catch(() => {});
      const debugging = boot.manifest().then((manifest) => debuggingOf(manifest, this.options, this.port));
      debugging.then((made) => (this.#debugging = made), () => {});
      this.pyodide = await Promise.race([boot.python(this.glue.module()), backend.then(() => new Promise(() => {}))]);
      this.heap.attach(/** @type {any} */ (this.pyodide)._module.memory);
      await backend;
      this.layer = await layer;
      await (await debugging)?.ready;
      if (this.#stopped) return;
      const traceback = await boot.run(this.pyodide, this.#debugging);
      if (this.#stopped) return this.glue.stop(); // meanwhile
      this.#begin(traceback);
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error));
    }
  }

  /** @param {string} traceback '' where the program ran */
  #begin(traceback) {
    if (traceback !== '') return this.fail(traceback);
    if (!this.glue.started) return this.fail('The program ended without an app: it never made a lw.App().');
    this.reporter.mark('app');
    this.port.postMessage({ type: 'progress', stage: 'running', fraction: 1 });
    this.loop.start();
  }

  /**
   * An error that the page shows and that ends a shot; the loop goes on where Python still can.
   * @param {string} text
   */
  fail(text) {
    this.reporter.error(text);
    this.port.postMessage({ type: 'fail', text });
    if (!this.glue.started) this.reporter.finish();
  }

  /** The page is told by a worker; one whose own thread is kept shows nothing but its console. @param {string} where */
  #busy(where) {
    this.port.postMessage({ type: 'busy', where });
    if (this.options.thread === 'main' && !document.hidden) console.warn(`The program has kept the page's thread for seconds: it is in ${where}.`);
    return this.#debugging?.hasCommand ?? false;
  }

  /** Ends everything: after this no timer, worker or GPU object of this engine is left, and the page hears of it. */
  async stop() {
    this.#stopped = true;
    this.loop.stop();
    this.between.stop();
    this.glue.stop();
    this.transfers.destroy();
    this.backend?.destroy();
    this.readbacks.destroy();
    this.feeds.destroy();
    await Promise.all([this.threads?.stop(), this.far?.stop()]);
    this.layer?.close();
    this.port.postMessage({ type: 'stopped' });
    this.port.close();
  }

  /**
   * Some browsers draw on the page's thread only (WebKitGTK's OffscreenCanvas has no WebGL2): the page ends this worker
   * and starts there.
   * @param {Error} error
   * @returns {Promise<never>}
   */
  #noBackend(error) {
    if (this.options.thread === 'main') throw error;
    this.port.postMessage({ type: 'noBackend', reason: error.message });
    return new Promise(() => {});
  }

  /** @param {ReturnType<typeof chooseBackend>} choice */
  async #createBackend(choice) {
    const { name, note, create } = await choice;
    this.#name(name, note);
    const { width, height } = this.options;
    const backend = await create(this.#parts(this.canvas));
    if (this.#stopped) return backend.destroy();
    this.backend = this.sinks.gpu = backend;
    this.events.resize(width, height, this.options.pixelRatio);
    this.reporter.mark('backend');
  }

  /** @param {string} name @param {string} reason */
  #name(name, reason) {
    const note = this.options.threadNote === '' ? reason : `${this.options.threadNote} ${reason}.`;
    this.reporter.backendName = name;
    this.reporter.backendNote = note;
    this.port.postMessage({ type: 'backend', name, note });
  }

  /** What a backend is made of. @param {HTMLCanvasElement | OffscreenCanvas} canvas */
  #parts(canvas) {
    return {
      canvas,
      heap: this.heap,
      transfers: this.transfers,
      events: this.events,
      pictures: this.readbacks,
      feeds: this.feeds,
      timesUploads: this.options.clock !== 'virtual',
      renewCanvas: this.options.thread === 'worker' ? () => this.#renewCanvas() : undefined,
      onLost: (/** @type {string} */ reason) => {
        this.reporter.log(1, `The GPU device was lost: ${reason}`);
        this.loop.expectNoFrames();
      },
      onGone: (/** @type {string} */ reason) => recoverGpu(this.backend, reason, {
        stopped: () => this.#stopped,
        log: (level, text) => this.reporter.log(level, text),
        parts: (fresh) => this.#parts(fresh),
        use: (backend, name) => {
          this.backend = this.sinks.gpu = backend;
          backend.expectsBegin = true;
          this.#name(name, 'The browser gives no WebGPU device any more.');
          this.events.deviceRestored();
        },
      }),
    };
  }

  /**
   * A fresh canvas from the page. When the GPU process ends, Chromium shows no further frame of a worker's canvas
   * and gives its worker no animation frames.
   * @returns {Promise<OffscreenCanvas>}
   */
  #renewCanvas() {
    this.port.postMessage({ type: 'renewCanvas' });
    return new Promise((resolve) => (this.#freshCanvas = resolve));
  }

  /** @param {OffscreenCanvas} canvas */
  #takeCanvas(canvas) {
    canvas.width = this.canvas.width;
    canvas.height = this.canvas.height;
    this.canvas = canvas;
    this.#freshCanvas(canvas);
  }

  /** Layer memory, when the program first asks for it. @param {number} budgetBytes */
  #openLayer(budgetBytes) {
    if (this.layer === null) throw new Error('Layer memory is not loaded; the console says why.');
    const { memory, wasmTable } = this.pyodide._module;
    const indices = this.layer.open(budgetBytes, { memory, table: wasmTable });
    this.threads = new LayerThreads(this.layer, {
      mayWait: this.options.thread === 'worker',
      fail: (text) => this.fail(text),
      warn: (text) => this.reporter.log(1, text),
    });
    return { indices, threads_max: this.threads.max };
  }

  /** A module on memory that threads share; null where threads can't be. @param {number} address @param {number} sizeBytes @param {string[]} names */
  #openFar(address, sizeBytes, names) {
    const { memory, wasmTable } = this.pyodide._module;
    const far = new FarThreads(this.layer, {
      mayWait: this.options.thread === 'worker',
      fail: (text) => this.fail(text),
      warn: (text) => this.reporter.log(1, text),
    });
    if (far.max === 1) return null;
    const indices = far.open(this.heap.u8(address, sizeBytes), names, { memory, table: wasmTable });
    this.far = far;
    return { indices, threads_max: far.max };
  }

  #optionsForPython() {
    const { appUrl, baseUrl, clock, frames, width, height, pixelRatio, isolated, thread, budgets, quality, sound, query, kept } = this.options;
    const { backendName, backendNote } = this.reporter;
    return {
      src: appUrl, base_url: appUrl, web_url: baseUrl, backend: backendName, backend_note: backendNote,
      isolated, thread, clock, frames, width, height, pixel_ratio: pixelRatio, budgets, quality, sound, query, kept,
      language: navigator.language,
    };
  }

  /** The sink of commands 48 to 63 and from 96. */
  #page() {
    return {
      report: (/** @type {number} */ data, /** @type {number} */ sizeBytes) =>
        this.reporter.receive(JSON.parse(this.heap.text(data, sizeBytes))),
      log: (/** @type {number} */ level, /** @type {number} */ data, /** @type {number} */ sizeBytes) => {
        const text = this.heap.text(data, sizeBytes);
        if (level === LOG_EXCEPTION) this.fail(text);
        else this.reporter.log(level, text);
      },
      inputMode: (/** @type {number} */ pointerLock) =>
        this.port.postMessage({ type: 'inputMode', pointerLock: pointerLock === 1 }),
      inbox: (/** @type {number} */ data, /** @type {number} */ sizeBytes) => this.inbox.place(data, sizeBytes),
      readbackFile: (/** @type {number} */ readback, /** @type {number} */ name, /** @type {number} */ nameBytes) =>
        this.readbacks.readbackFile(readback, name, nameBytes),
      panelShow: (/** @type {Parameters<Panels['show']>} */ ...values) => this.panels.show(...values),
      feedOpen: (/** @type {Parameters<Feeds['open']>} */ ...values) => this.feeds.open(...values),
      feedClose: (/** @type {number} */ feed) => this.feeds.close(feed),
      feedPlay: (/** @type {number} */ feed, /** @type {number} */ playing) => this.feeds.play(feed, playing),
      panelHide: (/** @type {number} */ panel) => this.panels.hide(panel),
      pageSend: (/** @type {number} */ data, /** @type {number} */ sizeBytes) => {
        const { head, arrays } = splitMessage(this.heap.u8(data, sizeBytes));
        this.port.postMessage({ type: 'message', head, arrays }, arrays);
      },
    };
  }

  /**
   * @param {number} time_s
   * @param {number} dt_s
   */
  #step(time_s, dt_s) {
    const start = performance.now();
    this.between.frameBegan(start);
    this.#applyResize();
    this.reporter.beforeFrame();
    this.glue.beginFrame();
    this.readbacks.deliver(this.inbox.roomBytes);
    const neededBytes = this.inbox.neededBytes;
    const copiedBytes = this.inbox.copyTo(this.heap);
    const pythonStart = performance.now();
    try {
      this.glue.callFrame(time_s, dt_s, copiedBytes, neededBytes);
    } catch (error) {
      this.#frameFailed(error);
    }
    this.#boot?.flushOutput();
    const full = this.heap.nearlyFull();
    if (full !== '') this.reporter.log(1, full);
    const end = performance.now();
    const pythonMs = end - pythonStart - this.glue.submitMs;
    this.figures.add(end - start, pythonMs, this.glue.pyToJs, this.glue.jsToPy);
    this.reporter.afterFrame();
    if (this.options.clock !== 'virtual') this.between.frameEnded();
  }

  /** Between two frames: Python hears of transfers that ended. */
  #goOn() {
    const copiedBytes = this.inbox.copyTransfersTo(this.heap);
    if (copiedBytes === 0 || !this.glue.started) return;
    try {
      this.glue.callFrame(0, BETWEEN_FRAMES, copiedBytes, this.inbox.neededBytes);
    } catch (error) {
      this.#frameFailed(error);
    }
  }

  /** @param {unknown} error what the engine's Python raised out of its frame; the user's own is caught there */
  #frameFailed(error) {
    this.glue.stop();
    this.loop.stop();
    this.fail(error instanceof Error ? error.message : String(error));
  }

  #applyResize() {
    if (this.#resize === null || this.backend === null) return;
    const { width, height, pixelRatio } = this.#resize;
    this.#resize = null;
    this.events.resize(width, height, pixelRatio);
  }

  /** @param {any} message from host.js */
  #receive(message) {
    if (message.type === 'input') this.inbox.pushInput(message.words);
    else if (message.type === 'resize') this.#resize = message;
    else if (message.type === 'message') this.events.pageMessage(message.payload);
    else if (message.type === 'picture' || message.type === 'feedTrouble') this.feeds.receive(message);
    else if (message.type === 'hidden') this.loop.setHidden(message.hidden);
    else if (message.type === 'online') this.events.online();
    else if (message.type === 'overlay') this.reporter.overlay = message.shown;
    else if (message.type === 'canvas') this.#takeCanvas(message.canvas);
    else if (message.type === 'stop') this.stop();
    else if (message.type === 'ping') this.port.postMessage({ type: 'pong' });
    else if (message.type === 'debug') this.#debugging?.poll(this.pyodide);
    else if (message.type === 'inspectFirst' && this.#debugging) this.#debugging.inspects = true;
    else if (message.type === 'debugReady') this.#debugging?.begin(message.commands);
    else if (message.type === 'request') answerRequest(this, message);
  }
}
