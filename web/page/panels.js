/**
 * Panels above the canvas, on the page's side: where each is, and its newest bitmap.
 *
 * Owns: a canvas element for each panel. Does not: draw; the engine sends bitmaps (engine/panels.js).
 */
import { append } from './notices.js';

/** @typedef {import('../engine/panels.js').Shown} Shown */

/** Above the canvas, below the panels. */
export class Panels {
  /** @type {Map<number, HTMLCanvasElement>} */
  #elements = new Map();

  /** @param {HTMLElement} stage */
  constructor(stage) {
    this.stage = stage;
  }

  /** Shows a panel's new bitmap, or takes it away. @param {Shown} shown */
  show({ panel, bitmap, left, top, scale, smooth }) {
    if (bitmap === null) return this.#remove(panel);
    const element = this.#element(panel);
    if (element.width !== bitmap.width || element.height !== bitmap.height) {
      Object.assign(element, { width: bitmap.width, height: bitmap.height });
    }
    Object.assign(element.style, {
      left: left < 0 ? 'auto' : `${left}px`,
      right: left < 0 ? `${-left}px` : 'auto',
      top: top < 0 ? 'auto' : `${top}px`,
      bottom: top < 0 ? `${-top}px` : 'auto',
      width: `${bitmap.width * scale}px`,
      height: `${bitmap.height * scale}px`,
      imageRendering: smooth ? 'auto' : 'pixelated',
    });
    if (bitmap instanceof ImageData) element.getContext('2d')?.putImageData(bitmap, 0, 0);
    else element.getContext('bitmaprenderer')?.transferFromImageBitmap(bitmap);
  }

  /** @param {number} panel */
  #element(panel) {
    let element = this.#elements.get(panel);
    if (element === undefined) {
      element = append('canvas', 'panel', this.stage);
      this.#elements.set(panel, element);
    }
    return element;
  }

  /** @param {number} panel */
  #remove(panel) {
    this.#elements.get(panel)?.remove();
    this.#elements.delete(panel);
  }
}
