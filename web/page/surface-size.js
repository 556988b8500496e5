/**
 * The size of the surface in device pixels, and when it changes: with the box, or with the device's pixel ratio alone
 * (a zoom, a window that moves to another screen).
 *
 * Owns: the observer, and a look at the ratio in each animation frame: neither resize events nor media queries tell of
 * every change of it. Limits: SIDE_PX_MAX a side.
 */

const SIDE_PX_MAX = 8192;

/** @typedef {{width: number, height: number, pixelRatio: number}} Size */

/** Watches one box until destroyed. */
export class SurfaceSize {
  #observer;
  #frame = 0;
  #ratio = devicePixelRatio;

  /** @param {Element} box @param {(size: Size) => void} changed */
  constructor(box, changed) {
    this.box = box;
    this.changed = changed;
    this.#observer = new ResizeObserver(() => changed(this.now()));
    this.#observe(box);
    this.#watchRatio();
  }

  /** @returns {Size} */
  now() {
    const pixelRatio = devicePixelRatio;
    const { width, height } = this.box.getBoundingClientRect();
    const side = (/** @type {number} */ css) => Math.min(SIDE_PX_MAX, Math.max(1, Math.round(css * pixelRatio)));
    return { width: side(width), height: side(height), pixelRatio };
  }

  destroy() {
    cancelAnimationFrame(this.#frame);
    this.#observer.disconnect();
  }

  /** In device pixels where the browser can: then a change of the ratio alone is one as well. @param {Element} box */
  #observe(box) {
    try {
      this.#observer.observe(box, { box: 'device-pixel-content-box' });
    } catch {
      this.#observer.observe(box);
    }
  }

  #watchRatio() {
    this.#frame = requestAnimationFrame(() => this.#watchRatio());
    if (devicePixelRatio === this.#ratio) return;
    this.#ratio = devicePixelRatio;
    this.changed(this.now());
  }
}
