// @ts-check
/**
 * @file A changed file becomes the running program (layerw/live): the engine is asked, and its outcome shown.
 *
 * Owns: the order of changes, one at a time. Does not: decide what can stay. Limits: files of the program's folder; the
 * engine's own start the page again.
 */
import { keep } from './kept.js';

const FOLDER = 'app/';
const ANSWER_MS_MAX = 10_000; // a program in an endless loop never answers

/** @typedef {{ outcome: 'kept' | 'failed' | 'restart', text: string, state?: object }} Outcome */

export class Live {
  /** @type {Promise<void>} */
  #turn = Promise.resolve();
  /** @type {Promise<void> | null} */
  #held = null;
  #goOn = () => {};

  /**
   * @param {import('./host.js').Host} host
   * @param {() => boolean} running whether the program runs
   * @param {(text: string) => void} say to the terminal
   */
  constructor(host, running, say) {
    this.host = host;
    this.running = running;
    this.say = say;
  }

  /** The program stands: what changes meanwhile waits until it goes on. @param {boolean} held */
  hold(held) {
    this.#goOn();
    this.#held = held ? new Promise((resolve) => (this.#goOn = resolve)) : null;
  }

  /** @param {string[]} files as the server names them */
  changed(files) {
    if (this.#held) this.#tell(`${files.map((name) => name.replace(FOLDER, '')).join(', ')} changed: the program takes it when it goes on.`);
    this.#turn = this.#turn.then(() => this.#held).then(() => this.#take(files)).catch((error) => this.#startAgain(`${error}`, this.#before()));
  }

  /** @param {string[]} files */
  async #take(files) {
    if (!this.running() || !files.every((name) => name.startsWith(FOLDER))) return this.#startAgain('', this.#before());
    const asked = this.host.request('reload', files.map((name) => name.slice(FOLDER.length)));
    /** @type {Outcome} */
    const { outcome, text, state } = await Promise.race([asked, late(this.#before())]);
    if (outcome === 'restart') return this.#startAgain(text, state);
    this.host.notices.hideError();
    this.host.errors.length = 0;
    if (outcome === 'failed') return this.host.fail(text);
    this.#tell(text);
  }

  /** What this start was given: one that failed or hangs hands it on. */
  #before() {
    const { kept } = this.host.options;
    return kept?.values === undefined ? undefined : kept;
  }

  /** @param {string} text why @param {object | undefined} state */
  #startAgain(text, state) {
    if (text !== '') this.#tell(text);
    if (state !== undefined) keep(this.host.options.appUrl, { ...state, why: text });
    location.reload();
  }

  /** @param {string} text */
  #tell(text) {
    this.say(text);
    this.host.notices.setNote(text);
  }
}

/** @param {object | undefined} state @returns {Promise<Outcome>} */
function late(state) {
  const text = `The program did not answer for ${ANSWER_MS_MAX / 1000} s: it starts again.`;
  return new Promise((resolve) => { setTimeout(resolve, ANSWER_MS_MAX, { outcome: 'restart', text, state }); });
}
