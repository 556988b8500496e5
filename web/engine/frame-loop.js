/**
 * When a frame runs, and what time it is in the program.
 *
 * Owns: requestAnimationFrame, the virtual clock, and what happens in a hidden tab.
 * Does not: know what a frame does; `step` is given.
 * Limits: a real frame's dt is at most DT_MAX_S; a hidden tab gets HIDDEN_FRAMES_PER_S (timers, because the
 * browser gives hidden tabs no animation frames), so that programs with a network keep running. After the GPU was
 * lost Chromium may give none for 20 s: timers stand in until the first one comes.
 */

const DT_MAX_S = 0.1;
export const DT_VIRTUAL_S = 1 / 60;
const HIDDEN_FRAMES_PER_S = 4;
const UNSURE_FRAMES_PER_S = 20;

/** Calls `step(time_s, dt_s)` once a frame until stopped. */
export class FrameLoop {
  /** @type {(time_s: number, dt_s: number) => void} */
  #step;
  #virtual;
  #fast;
  #waits;
  #running = false;
  #hidden = false;
  #unsure = false;
  #ticket = 0;
  #frame = 0;
  #lastMs = 0;
  #time_s = 0;

  /**
   * @param {(time_s: number, dt_s: number) => void} step
   * @param {{virtual: boolean, fast: boolean, waits: () => boolean}} clock `fast`: nothing is presented, so don't wait
   *   for the screen; `waits`: whether something compiles that virtual time waits for, so that pictures of a frame are equal
   */
  constructor(step, { virtual, fast, waits }) {
    this.#step = step;
    this.#virtual = virtual;
    this.#fast = fast;
    this.#waits = waits;
  }

  start() {
    if (this.#running) return;
    this.#running = true;
    this.#lastMs = performance.now();
    this.#schedule();
  }

  stop() {
    this.#running = false;
    this.#ticket += 1;
  }

  /** @param {boolean} hidden whether the tab is hidden now */
  setHidden(hidden) {
    if (hidden === this.#hidden) return;
    this.#hidden = hidden;
    if (this.#running) this.#schedule();
  }

  /** The GPU was lost: nobody knows when the next animation frame comes. */
  expectNoFrames() {
    this.#unsure = true;
    if (this.#running) this.#schedule();
  }

  #schedule() {
    const ticket = ++this.#ticket;
    const run = () => {
      if (ticket === this.#ticket) this.#tick();
    };
    if (this.#fast) setTimeout(run, 0);
    else if (this.#hidden && !this.#virtual) setTimeout(run, 1000 / HIDDEN_FRAMES_PER_S);
    else {
      if (this.#unsure) setTimeout(run, 1000 / UNSURE_FRAMES_PER_S);
      requestAnimationFrame(() => {
        this.#unsure = false;
        run();
      });
    }
  }

  #tick() {
    if (this.#virtual && this.#waits()) {
      setTimeout(() => this.#running && this.#schedule(), 1);
      return;
    }
    const now = performance.now();
    const dt_s = this.#virtual ? DT_VIRTUAL_S : Math.min((now - this.#lastMs) / 1000, DT_MAX_S);
    this.#lastMs = now;
    // Frame numbers, not a running sum: virtual time is the same on every machine.
    this.#time_s = this.#virtual ? this.#frame * DT_VIRTUAL_S : this.#time_s + dt_s;
    this.#frame += 1;
    this.#step(this.#time_s, dt_s);
    if (this.#running) this.#schedule();
  }
}
