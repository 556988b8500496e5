/**
 * Tells when a program keeps its worker busy and no answer comes: a loop of its own at its top level, or in a callback.
 *
 * Owns: one timer. Does not: stop the program (a long computation may end), nor find the line: engine/busy.js does, at
 * the top level, and under a development server engine/debugging.js, at any time: then the line is told after two
 * seconds. Limits: only for an engine in a worker; on the page's thread nothing runs meanwhile.
 */
const ASK_MS = 500;
const LOOK_MS = 1500; // since the question, which comes up to ASK_MS after the last answer
export const SILENCE_MS_MAX = 8000;

/**
 * @typedef {object} SilenceHooks
 * @property {() => void} ask the engine for an answer
 * @property {() => void} [look] where the program is, after LOOK_MS without one
 * @property {(where: string) => void} [suspect] it is there, and has been for a while; '': it answered after all
 * @property {(text: string) => void} tell that none comes
 * @property {(text: string) => void} untell: it came after all
 */

/** `begin` once the program runs, `answered` for each answer, `end` with the engine. */
export class Silence {
  #atTopLevel = true;
  #asked = 0;
  #told = '';
  #where = '';
  #looked = false;
  #suspected = false;
  #held = false;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  /** @type {SilenceHooks} */
  #hooks;

  /** @param {SilenceHooks} hooks @param {number} [silenceMsMax] */
  constructor(hooks, silenceMsMax = SILENCE_MS_MAX) {
    this.#hooks = hooks;
    this.silenceMsMax = silenceMsMax;
  }

  /** @param {boolean} atTopLevel whether the program's file still runs */
  begin(atTopLevel) {
    this.#atTopLevel = atTopLevel;
    this.#asked = 0;
    this.#timer ??= setInterval(() => this.#check(performance.now()), ASK_MS);
  }

  /** @param {string} where the program is, while it does not answer */
  located(where) {
    this.#where = where;
    if (!this.#looked || this.#suspected) return;
    this.#suspected = true;
    this.#hooks.suspect?.(where);
  }

  /** @param {boolean} held whether it need not answer: somebody stopped it on purpose */
  hold(held) {
    this.#held = held;
    this.answered();
  }

  answered() {
    this.#asked = 0;
    this.#where = '';
    this.#looked = false;
    if (this.#suspected) this.#hooks.suspect?.('');
    this.#suspected = false;
    if (this.#told === '') return;
    this.#hooks.untell(this.#told);
    this.#told = '';
  }

  end() {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** @param {number} now */
  #check(now) {
    if (this.#held) return;
    if (this.#asked === 0) {
      this.#asked = now;
      this.#hooks.ask();
      return;
    }
    if (now - this.#asked >= LOOK_MS && !this.#looked) {
      this.#looked = true;
      this.#hooks.look?.();
    }
    if (this.#told === '' && now - this.#asked > this.silenceMsMax) {
      const text = this.#atTopLevel ? topLevelText : callbackText;
      this.#told = text(this.silenceMsMax) + (this.#where ? ` It is in ${this.#where}.` : this.#atTopLevel ? NO_LINE : UNWATCHED);
      this.#hooks.tell(this.#told);
    }
  }
}

/** @param {number} ms */
const topLevelText = (ms) => `The program has not come back from its top level for ${ms / 1000} s, so no frame is drawn. `
  + 'Where it has a loop of its own (while True: ...), write what shall happen in each frame as a function under '
  + '@app.frame, or put `await asyncio.sleep(0)` into the loop.';

/** @param {number} ms */
const callbackText = (ms) => `The program has not come back from one of its functions for ${ms / 1000} s; the last picture `
  + 'stays until it does. A loop that never ends is the usual reason.';

const UNWATCHED = ' Which line it is in is only watched until the first frame, and under layerw run: watching costs time.';
const NO_LINE = ' Which line it is in cannot be told while it is inside of one long call (time.sleep, numpy).';
