// @ts-check
/**
 * @file How long a fetch is waited for: until its head, then from byte to byte.
 *
 * Owns: one timer a fetch, and the abort when it ends. Does not: fetch.
 *
 * After the head, credit counts: at most `stallMs`, time takes from it, each byte adds `1000 / bytesPerSMin` ms. So a
 * body without a byte for `stallMs` ends, and so does one that trickles below the rate, a little later; one above the
 * rate never does, however long it takes. hosts/faults.py has the same rule.
 */
import { FAIL_TIMEOUT } from '../../gen/layouts.js';
import { Failure } from './failure.js';

/** @typedef {{ firstByteMs: number, stallMs: number, bytesPerSMin: number }} Limits */

/** @type {Limits} */
export const NO_LIMITS = { firstByteMs: Infinity, stallMs: Infinity, bytesPerSMin: 0 };
const TIMER_MS_MAX = 2 ** 31 - 1;
const LATE_MS = 500;

export class Patience {
  #deadline;
  #receivedBytes = 0;
  #begun = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {string} name of what is fetched, for the message @param {Limits} limits
   * @param {AbortController} controller aborted with the Failure as its reason */
  constructor(name, limits, controller) {
    this.name = name;
    this.limits = limits;
    this.controller = controller;
    this.#deadline = performance.now() + limits.firstByteMs;
    this.#wait();
  }

  /** The head is here. */
  begin() {
    this.#begun = true;
    this.#deadline = performance.now() + this.limits.stallMs;
    this.end();
    this.#wait();
  }

  /** @param {number} count of the body */
  received(count) {
    const { stallMs, bytesPerSMin } = this.limits;
    this.#receivedBytes += count;
    this.#deadline = Math.min(performance.now() + stallMs, this.#deadline + (1000 * count) / bytesPerSMin);
  }

  /** Nothing is waited for any more. */
  end() {
    clearTimeout(this.#timer);
  }

  #wait() {
    let leftMs = this.#deadline - performance.now();
    if (leftMs < -LATE_MS) { // this thread was busy or asleep, and what arrived meanwhile has not been read yet
      this.#deadline = performance.now() + LATE_MS;
      leftMs = LATE_MS;
    }
    if (leftMs <= 0) return this.controller.abort(this.#failure());
    if (leftMs < TIMER_MS_MAX) this.#timer = setTimeout(() => this.#wait(), leftMs);
  }

  #failure() {
    const { firstByteMs, stallMs, bytesPerSMin } = this.limits;
    const text = this.#begun
      ? `${this.name} stalled after ${this.#receivedBytes} bytes: fewer than ${bytesPerSMin} bytes a second arrived for ${stallMs / 1000} s.`
      : `${this.name} was not answered within ${firstByteMs / 1000} s.`;
    return new Failure(FAIL_TIMEOUT, text, 0, 0);
  }
}
