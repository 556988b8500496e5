/**
 * Panels above the canvas, on the engine's side: from Layer memory to bitmaps that the page shows.
 *
 * Owns: for each panel a canvas to put pixels on, and a copy of them where it must.
 * Does not: place them; page/panels.js does, on the page's thread.
 * Limits: ImageData takes views of unshared memory only; where the page is isolated, Layer memory is shared and the
 * pixels are copied once more. A browser without OffscreenCanvas is sent the pixels themselves.
 */

/** @typedef {{panel: number, bitmap: ImageBitmap | ImageData | null, left: number, top: number, scale: number, smooth: boolean}} Shown */

/**
 * @typedef {object} Place
 * @property {number} width
 * @property {number} height
 * @property {OffscreenCanvasRenderingContext2D | null} context
 * @property {ImageData | null} copy
 */

/** @param {number} width @param {number} height @returns {Place} */
function makePlace(width, height) {
  if (typeof OffscreenCanvas === 'undefined') return { width, height, context: null, copy: null };
  // In the browser's own memory: nothing here needs the GPU.
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  return { width, height, context, copy: null };
}

/** The pixels as ImageData takes them. @param {Uint8Array} bytes a view on Layer memory @param {Place} place */
function imageOf(bytes, place) {
  const { width, height } = place;
  const { buffer, byteOffset, length } = bytes;
  if (buffer instanceof ArrayBuffer && place.context !== null) return new ImageData(new Uint8ClampedArray(buffer, byteOffset, length), width, height);
  place.copy ??= new ImageData(width, height); // kept: `set` into it is 50 times as fast as a new array
  place.copy.data.set(bytes);
  return place.copy;
}

/** The panels of one engine. */
export class Panels {
  /** @type {Map<number, Place>} */
  #places = new Map();

  /**
   * @param {object} parts
   * @param {() => import('../kernels/layer.js').Layer | null} parts.layer
   * @param {(shown: Shown, transfer: Transferable[]) => void} parts.post to the page
   */
  constructor({ layer, post }) {
    this.layer = layer;
    this.post = post;
  }

  /** The command. @param {number} panel @param {number} address @param {number} width @param {number} height
   * @param {number} left @param {number} top @param {number} scale @param {number} smooth */
  show(panel, address, width, height, left, top, scale, smooth) {
    const layer = this.layer();
    if (layer === null) throw new Error('Layer memory is not open.');
    let place = this.#places.get(panel);
    if (place === undefined) this.#places.set(panel, (place = makePlace(width, height)));
    const image = imageOf(layer.bytes(address, width * height * 4), place);
    place.context?.putImageData(image, 0, 0);
    const bitmap = place.context?.canvas.transferToImageBitmap() ?? image;
    this.post({ panel, bitmap, left, top, scale, smooth: smooth === 1 }, bitmap instanceof ImageData ? [] : [bitmap]);
  }

  /** The command. @param {number} panel */
  hide(panel) {
    this.#places.delete(panel);
    this.post({ panel, bitmap: null, left: 0, top: 0, scale: 1, smooth: false }, []);
  }
}
