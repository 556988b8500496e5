/**
 * Pictures that the program asked for (app.screenshot): from the backend to Python, and as PNG files to the page.
 *
 * Owns: pictures that wait for Python's next frame, and the worker that encodes files. Each frame hands over at most
 * one: its pixels lie in Layer memory as an ephemeral result, which lives until the frame call returns.
 * Does not: read from the GPU (backends/common/readings.js) or write files (host.js).
 * Limits: Python bounds how many are on their way, and reserves what they take.
 */
import { copyPicture } from '../backends/common/readings.js';
import { workerPort } from '../transfer/decode/ports.js';
import { READBACK_CONTEXT } from '../gen/layouts.js';

/** @typedef {import('../backends/common/readings.js').Picture} Picture */

const EVENT_BYTES = 20; // readback_done
const IDLE_MS_MAX = 10_000;

/**
 * @typedef {object} Parts
 * @property {import('./heap.js').Heap} heap
 * @property {import('../gen/events.js').EventWriter} events
 * @property {() => import('../kernels/layer.js').Layer | null} layer opened by Python before it asks for a picture
 * @property {(name: string, bytes: Uint8Array<ArrayBuffer>) => void} saveFile
 * @property {import('../transfer/decode/ports.js').PortMaker} [makePort] for tests
 */

/** The pictures of one engine; the sink of a backend's readings. */
export class Readbacks {
  /** @type {{number: number, picture: Picture}[]} */
  #waiting = [];
  /** Names of the files that are not saved yet, by readback. @type {Map<number, string>} */
  #files = new Map();
  /** @type {import('../transfer/decode/ports.js').Port | null} */
  #encoder = null;
  /** @type {(() => void)[]} */
  #idle = [];

  /** @param {Parts} parts */
  constructor({ heap, events, layer, saveFile, makePort = workerPort }) {
    this.heap = heap;
    this.events = events;
    this.layer = layer;
    this.saveFile = saveFile;
    this.makePort = makePort;
  }

  /** The command. @param {number} readback @param {number} name @param {number} nameBytes */
  readbackFile(readback, name, nameBytes) {
    this.#files.set(readback, this.heap.text(name, nameBytes));
  }

  /** From the backend. @param {number} number @param {Picture} picture */
  done(number, picture) {
    if (this.#files.has(number)) this.#encode(number, picture);
    this.#waiting.push({ number, picture });
  }

  /** @param {number} number @param {string} message */
  failed(number, message) {
    this.#forgetFile(number);
    this.events.readbackFailed(number, message);
  }

  /**
   * Right before Python's frame: the next picture and its event, which must reach this very frame.
   * @param {number} roomBytes what the inbox takes besides the events that wait
   */
  deliver(roomBytes) {
    if (this.#waiting.length === 0 || roomBytes < EVENT_BYTES) return;
    const { number, picture } = /** @type {{number: number, picture: Picture}} */ (this.#waiting.shift());
    try {
      const layer = this.layer();
      if (layer === null) throw new Error('Layer memory is not open.');
      const { width, height } = picture;
      const { address, bytes } = layer.room(READBACK_CONTEXT, width * height * 4);
      copyPicture(picture, bytes);
      this.events.readbackDone(number, address, width, height);
    } catch (error) {
      this.failed(number, `The picture has no room in Layer memory: ${/** @type {Error} */ (error).message}`);
    } finally {
      picture.close();
    }
  }

  /** Resolves when every file has been saved or has failed; after IDLE_MS_MAX in any case. @returns {Promise<void>} */
  idle() {
    if (this.#files.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, IDLE_MS_MAX);
      this.#idle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  destroy() {
    for (const { picture } of this.#waiting.splice(0)) picture.close();
    this.#files.clear();
    this.#encoder?.close();
    this.#encoder = null;
  }

  /** @param {number} number @param {Picture} picture */
  #encode(number, picture) {
    const { width, height } = picture;
    const rgba = new Uint8Array(width * height * 4);
    copyPicture(picture, rgba);
    this.#encoder ??= this.makePort((answer) => this.#encoded(answer), (reason) => this.#encoderDied(reason));
    this.#encoder.post({ op: 'png', id: number, rgba, width, height }, [rgba.buffer]);
  }

  /** @param {import('../transfer/decode/service.js').Answer} answer */
  #encoded(answer) {
    const name = this.#files.get(answer.id);
    if (name === undefined || answer.op === 'ready') return;
    if (answer.op !== 'done') return this.failed(answer.id, `The file ${name} could not be encoded: ${'message' in answer ? answer.message : ''}`);
    const bytes = /** @type {Uint8Array<ArrayBuffer>} */ (answer.payload);
    const sizeBytes = bytes.byteLength;
    this.saveFile(name, bytes);
    this.events.readbackSaved(answer.id, sizeBytes);
    this.#forgetFile(answer.id);
  }

  /** @param {string} reason */
  #encoderDied(reason) {
    this.#encoder?.close();
    this.#encoder = null;
    for (const [number, name] of [...this.#files]) this.failed(number, `The file ${name} could not be encoded: ${reason}.`);
  }

  /** Without files the encoder's worker ends: most programs take a screenshot now and then. @param {number} number */
  #forgetFile(number) {
    if (!this.#files.delete(number) || this.#files.size > 0) return;
    this.#encoder?.close();
    this.#encoder = null;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
