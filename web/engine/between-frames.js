// @ts-check
/**
 * @file Lets transfers go on between frames: what ended wakes Python, which asks for what comes next.
 *
 * Owns: when that happens, and how much of the time it may take, so that frames stay on time: what is left until the
 * next frame is due, as long as a step is expected to end before; else a share of the time.
 * Does not: know what Python does; `step` is given. Limits: in virtual time never, so that pictures of a frame are equal.
 */

const SHARE = 0.25; // of the time since the last frame ended, where the next one is due
const AT_ONCE_MS = 2; // what it may take at least
const RETRY_MS = 4;
const FREE = 0.8; // of the time between two frames
const PERIODS = 8; // frames whose quickest tells when the next is due
const PERIOD_MAX_MS = 100;
const FORGETS = 0.8; // of the longest step, with each step

export class BetweenFrames {
  /** @param {() => void} step @param {() => number} now milliseconds */
  constructor(step, now = () => performance.now()) {
    this.step = step;
    this.now = now;
    this.enabled = false;
    this.spentMs = 0;
    this.stepMs = 0; // what a step may take
    this.frameStartMs = -Infinity;
    this.frameEndMs = 0;
    /** @type {number[]} milliseconds from frame to frame */
    this.periods = [];
    this.asked = false;
    this.channel = new MessageChannel();
    this.channel.port1.onmessage = () => this.run();
  }

  /** A frame begins. @param {number} startMs */
  frameBegan(startMs) {
    const period = startMs - this.frameStartMs;
    this.frameStartMs = startMs;
    if (!Number.isFinite(period)) return;
    this.periods.push(Math.min(period, PERIOD_MAX_MS));
    if (this.periods.length > PERIODS) this.periods.shift();
  }

  /** A frame ended: whatever woke before it has been taken. */
  frameEnded() {
    this.enabled = true;
    this.spentMs = 0;
    this.frameEndMs = this.now();
  }

  /** Something ended. */
  wake() {
    if (!this.enabled || this.asked) return;
    this.asked = true;
    this.channel.port2.postMessage(null); // timers would wait for 4 ms
  }

  /** Whether a step that begins now ends before the next frame is due. @param {number} start */
  #isFree(start) {
    const due = this.periods.length < 2 ? 0 : Math.min(...this.periods);
    return start + this.stepMs < this.frameStartMs + FREE * due;
  }

  run() {
    if (!this.enabled) return;
    const start = this.now();
    if (this.spentMs > AT_ONCE_MS + SHARE * (start - this.frameEndMs) && !this.#isFree(start)) {
      setTimeout(() => this.run(), RETRY_MS);
      return;
    }
    this.asked = false;
    this.step();
    const takenMs = this.now() - start;
    this.spentMs += takenMs;
    this.stepMs = Math.max(takenMs, FORGETS * this.stepMs);
  }

  stop() {
    this.enabled = false;
    this.channel.port1.close();
  }
}
