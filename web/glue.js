/**
 * The only JavaScript object that Python sees (`import layerw_glue`).
 *
 * Owns: the one persistent proxy of Python's frame callback, and the count of crossings.
 * Does not: know commands, backends or the page; engine.js hands it three functions.
 * Limits: a crossing is a call through a proxy. One each way a frame is the rule; the counts show it.
 */

/**
 * @typedef {(time_s: number, dt_s: number, inboxBytes: number, inboxNeededBytes: number) => void} FrameCallback
 * @typedef {FrameCallback & {copy(): FrameCallback, destroy(): void}} FrameProxy
 * @typedef {object} GlueHooks
 * @property {(address: number, words: number) => void} submit
 * @property {(text: string) => void} fail
 * @property {(where: string) => boolean} busy whether somebody asked for something meanwhile
 * @property {() => object} options
 * @property {(budgetBytes: number) => {indices: number[], threads_max: number}} openLayer
 * @property {(count: number) => number} setThreads
 * @property {(address: number, sizeBytes: number, names: string[]) => {indices: number[], threads_max: number} | null} openFar
 * @property {(count: number) => number} setFarThreads
 */

/** Counts every call and passes it on. */
export class Glue {
  /** Python -> JavaScript calls since the last `beginFrame`. */
  pyToJs = 0;
  /** JavaScript -> Python calls since the last `beginFrame`. */
  jsToPy = 0;
  /** Milliseconds spent inside `submit` since the last `beginFrame`. */
  submitMs = 0;
  /** @type {FrameProxy | null} */
  #frame = null;
  /** @type {GlueHooks} */
  #hooks;

  /** @param {GlueHooks} hooks */
  constructor(hooks) {
    this.#hooks = hooks;
  }

  get started() {
    return this.#frame !== null;
  }

  beginFrame() {
    this.pyToJs = 0;
    this.jsToPy = 0;
    this.submitMs = 0;
  }

  /**
   * @param {number} time_s
   * @param {number} dt_s
   * @param {number} inboxBytes
   * @param {number} inboxNeededBytes
   */
  callFrame(time_s, dt_s, inboxBytes, inboxNeededBytes) {
    if (this.#frame === null) return;
    this.jsToPy += 1;
    this.#frame(time_s, dt_s, inboxBytes, inboxNeededBytes);
  }

  /** Gives the callback's proxy back: after this no frame reaches Python. */
  stop() {
    this.#frame?.destroy();
    this.#frame = null;
  }

  /** What Python imports: bound functions only, so that nothing else can be reached. */
  module() {
    return {
      /** @param {number} address @param {number} words */
      submit: (address, words) => {
        this.pyToJs += 1;
        const start = performance.now();
        this.#hooks.submit(address, words);
        this.submitMs += performance.now() - start;
      },
      /** @param {FrameProxy} callback copied: the proxy that Python passed ends with this call */
      start: (callback) => {
        this.stop();
        this.#frame = /** @type {FrameProxy} */ (callback.copy());
      },
      options: () => JSON.stringify(this.#hooks.options()),
      /** @param {number} budgetBytes @returns {string} the table indices of the kernels and the most threads, as JSON */
      openLayer: (budgetBytes) => JSON.stringify(this.#hooks.openLayer(budgetBytes)),
      /** @param {number} count @returns {number} how many there will be */
      setThreads: (count) => this.#hooks.setThreads(count),
      /** @param {number} address @param {number} sizeBytes of a module @param {string} names of its kernels, JSON @returns {string} as openLayer, or null */
      openFar: (address, sizeBytes, names) => JSON.stringify(this.#hooks.openFar(address, sizeBytes, JSON.parse(names))),
      /** @param {number} count @returns {number} how many there will be */
      setFarThreads: (count) => this.#hooks.setFarThreads(count),
      /** @param {string} where the program is, which keeps the thread @returns {boolean} whether to take what was asked */
      busy: (where) => this.#hooks.busy(String(where)),
      /** @param {string} text */
      fail: (text) => {
        this.pyToJs += 1;
        this.#hooks.fail(String(text));
      },
    };
  }
}
