/**
 * Pictures above the canvas, on the page's side: where each is, and its newest bitmap.
 *
 * Owns: a canvas element for each picture. Does not: draw; the engine sends bitmaps (pictures.js).
 */
import { append } from './panels.js';

/** @typedef {import('./pictures.js').Shown} Shown */

/** Above the canvas, below the panels. */
export class PicturePanels {
  /** @type {Map<number, HTMLCanvasElement>} */
  #elements = new Map();

  /** @param {HTMLElement} stage */
  constructor(stage) {
    this.stage = stage;
  }

  /** Shows a picture's new bitmap, or takes it away. @param {Shown} shown */
  show({ picture, bitmap, left, top, scale, smooth }) {
    if (bitmap === null) return this.#remove(picture);
    const element = this.#element(picture);
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
    element.getContext('bitmaprenderer')?.transferFromImageBitmap(bitmap);
  }

  /** @param {number} picture */
  #element(picture) {
    let element = this.#elements.get(picture);
    if (element === undefined) {
      element = append('canvas', 'picture', this.stage);
      this.#elements.set(picture, element);
    }
    return element;
  }

  /** @param {number} picture */
  #remove(picture) {
    this.#elements.get(picture)?.remove();
    this.#elements.delete(picture);
  }
}
