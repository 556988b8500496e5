// @ts-check
/**
 * @file Lets transfers go on between frames: what ended wakes Python, which asks for what comes next.
 *
 * Owns: when that happens, and how much of the time it may take, so that frames stay on time.
 * Does not: know what Python does; `step` is given. Limits: in virtual time never, so that pictures of a frame are equal.
 */

const SHARE = 0.25; // of the time since the last frame ended
const AT_ONCE_MS = 2; // what it may take at least
const RETRY_MS = 4;

export class BetweenFrames {
  /** @param {() => void} step @param {() => number} now milliseconds */
  constructor(step, now = () => performance.now()) {
    this.step = step;
    this.now = now;
    this.enabled = false;
    this.spentMs = 0;
    this.frameEndMs = 0;
    this.asked = false;
    this.channel = new MessageChannel();
    this.channel.port1.onmessage = () => this.run();
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

  run() {
    if (!this.enabled) return;
    const start = this.now();
    if (this.spentMs > AT_ONCE_MS + SHARE * (start - this.frameEndMs)) {
      setTimeout(() => this.run(), RETRY_MS);
      return;
    }
    this.asked = false;
    this.step();
    this.spentMs += this.now() - start;
  }

  stop() {
    this.enabled = false;
    this.channel.port1.close();
  }
}
