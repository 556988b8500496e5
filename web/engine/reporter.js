/**
 * What the engine says about itself: logs, errors, boot marks, the merged report, the end of a shot.
 *
 * Owns: the list of errors, the marks, and when Python is asked for a report.
 * Does not: show anything; host.js does.
 * Limits: ERRORS_MAX errors are kept, each at most TEXT_MAX characters; a settled shot waits SETTLE_FRAMES_MAX.
 */

const ERRORS_MAX = 100;
const TEXT_MAX = 10_000;
const SETTLE_FRAMES_MAX = 7200;
const SETTLE_ASK_FRAMES = 5;
const OVERLAY_MS = 250;
const REPORT_WITH_HASH = 1;

/** @typedef {import('./engine.js').Engine} Engine */

/** The engine's voice. */
export class Reporter {
  backendName = '';
  backendNote = '';
  overlay = false;
  /** @type {string[]} */
  errors = [];
  /** @type {Record<string, number>} */
  bootMs = {};
  /** @type {Record<string, any>} */
  #python = {};
  /** @type {((report: object) => void)[]} */
  #waiting = [];
  #settled = false;
  #asked = false;
  #finished = false;
  #figuresMs = 0;
  #frames = 0;

  /** @param {Engine} engine */
  constructor(engine) {
    this.engine = engine;
  }

  /**
   * A step of the boot ended. Kept in milliseconds since the page's navigation.
   * @param {string} name
   * @param {number} [now] as performance.now()
   */
  mark(name, now = performance.now()) {
    const sinceMs = performance.timeOrigin + now - this.engine.options.navigationMs;
    this.bootMs[name] = Math.round(sinceMs * 10) / 10;
  }

  /**
   * @param {number} level 0 info, 1 warning, 2 error, 4 a note
   * @param {string} text
   */
  log(level, text) {
    if (level === 2 || level === 3) this.error(text);
    this.engine.port.postMessage({ type: 'log', level, text });
  }

  /** @param {string} text */
  error(text) {
    const kept = text.slice(0, TEXT_MAX);
    if (this.errors.length < ERRORS_MAX && !this.errors.includes(kept)) this.errors.push(kept);
  }

  /** @param {Record<string, any>} report what Python sent */
  receive(report) {
    this.#python = report;
    this.#settled = report.settled === true || report.waits_in_vain === true;
    if ('state_hash' in report) this.#asked = true;
    const full = this.full();
    this.engine.port.postMessage({ type: 'report', report: full });
    for (const resolve of this.#waiting.splice(0)) resolve(full);
  }

  /**
   * Asks Python for a report in its next frame.
   * @param {number} flags
   * @returns {Promise<object>}
   */
  request(flags) {
    this.engine.events.reportRequest(flags);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Python's report joined with what JavaScript knows. */
  full() {
    const { backend, figures, options, heap, transfers, inbox } = this.engine;
    const stats = backend?.stats() ?? { draws: 0, triangles: 0, liveHandles: 0, gpuBytes: 0, gpuMs: null };
    const errors = [...this.errors];
    for (const text of this.#python.errors ?? []) if (!errors.includes(text)) errors.push(text);
    return {
      ...this.#python,
      ...figures.summary(),
      backend: this.backendName,
      backend_note: this.backendNote,
      thread: options.thread,
      isolated: options.isolated,
      draws: stats.draws,
      triangles: stats.triangles,
      live_handles: stats.liveHandles,
      gpu_allocated_bytes: stats.gpuBytes,
      gpu_ms: stats.gpuMs ?? null,
      wasm_memory_bytes: heap.sizeBytes,
      transfers: transfers.stats(),
      input_dropped: inbox.droppedCount,
      boot_ms: this.bootMs.first_frame ?? 0,
      boot_marks_ms: this.bootMs,
      errors,
    };
  }

  /** Right before Python's frame: asks for the report where this frame needs one. */
  beforeFrame() {
    const { options, figures, events } = this.engine;
    const frame = figures.framesCount + 1;
    if (options.frames === 0) {
      // Once unasked: the page learns the title, and whether the program wants the overlay.
      if (frame === 2) events.reportRequest(0);
      return;
    }
    if (frame < options.frames) return;
    if (!options.settled || this.#settled || frame >= options.frames + SETTLE_FRAMES_MAX) {
      if (!this.#asked) events.reportRequest(REPORT_WITH_HASH);
    } else if ((frame - options.frames) % SETTLE_ASK_FRAMES === 0) events.reportRequest(0);
  }

  /** Right after Python's frame. */
  afterFrame() {
    const { options, figures, port, loop } = this.engine;
    this.#frames += 1;
    if (this.#frames === 1) requestAnimationFrame(() => this.#drawn());
    const now = performance.now();
    if (this.overlay && options.frames === 0) {
      port.postMessage({ type: 'frame', ms: figures.lastMs() });
      if (now - this.#figuresMs > OVERLAY_MS) {
        this.#figuresMs = now;
        this.engine.events.reportRequest(0);
      }
    }
    if (options.frames > 0 && this.#asked) {
      loop.stop();
      this.finish();
    }
  }

  /** The first frame is on the screen. */
  #drawn() {
    this.mark('first_frame');
    this.engine.port.postMessage({ type: 'drawn' });
  }

  /** Posts the result once the last frame is on the screen and the program's screenshots are saved. */
  async finish() {
    if (this.#finished) return;
    this.#finished = true;
    await this.engine.readbacks.idle();
    const post = () => this.engine.port.postMessage({ type: 'result', report: this.full() });
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(post, 0)));
  }
}
