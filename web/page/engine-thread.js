/**
 * Where the engine runs: in a worker, or on this thread.
 *
 * Owns: the worker and the port to it. Does not: know what the messages mean, but for those of the end.
 * Limits: an engine in a worker gets STOP_MS_MAX to end its own workers first: those that it leaves behind end late, or are
 * listed for long, and job workers have chunks to finish.
 */
import { makeWorker } from '../engine/module-worker.js';

const STOP_MS_MAX = 1000;

/** @typedef {import('../types.js').EngineOptions} EngineOptions */

/** One engine, from its start to its end. */
export class EngineThread {
  #channel = new MessageChannel();
  /** @type {Worker | null} */
  #worker = null;

  /**
   * @param {(message: any) => void} receive
   * @param {(text: string) => void} failed the worker's script could not be loaded, or threw
   */
  constructor(receive, failed) {
    this.failed = failed;
    this.#port.onmessage = ({ data }) => receive(data);
  }

  get #port() {
    return this.#channel.port1;
  }

  /** @param {object} message @param {Transferable[]} [transfer] */
  post(message, transfer = []) {
    this.#port.postMessage(message, transfer);
  }

  /** @param {HTMLCanvasElement} canvas never used before @param {EngineOptions} options */
  async start(canvas, options) {
    if (options.thread === 'worker') return this.#startWorker(canvas, options);
    const { startEngine } = await import('../engine/engine.js');
    startEngine({ port: this.#channel.port2, canvas, options });
  }

  /** @param {HTMLCanvasElement} canvas @param {EngineOptions} options */
  #startWorker(canvas, options) {
    const url = new URL('engine/engine-worker.js', options.baseUrl);
    this.#worker = makeWorker(url, 'layerw');
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.failed(`The engine's worker failed: ${event.message ?? `the worker script ${url} could not be loaded`}.`);
    };
    const offscreen = canvas.transferControlToOffscreen();
    const port = this.#channel.port2;
    this.#worker.postMessage({ port, canvas: offscreen, options }, [port, offscreen]);
  }

  /**
   * Ends the engine: tidily on this thread; a worker may be stuck in Python.
   * @returns {Promise<boolean>} when it has ended; false where the engine's worker did not end itself
   */
  async end() {
    this.post({ type: 'stop' });
    this.#port.onmessage = null;
    if (this.#worker === null) return true;
    const tidy = await this.#stopped();
    this.#worker.terminate();
    this.#port.close();
    return tidy;
  }

  /** @returns {Promise<boolean>} */
  #stopped() {
    return new Promise((resolve) => {
      this.#port.onmessage = ({ data }) => data.type === 'stopped' && resolve(true);
      setTimeout(resolve, STOP_MS_MAX, false);
    });
  }
}
