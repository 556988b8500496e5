/**
 * Pictures above the canvas, on the engine's side: from Layer memory to bitmaps that the page shows.
 *
 * Owns: a canvas for each picture to put pixels on. Does not: place them (picture-panels.js does, on the page's thread).
 * Limits: ImageData takes views of unshared memory only; where the page is isolated, Layer memory is shared and the
 * pixels are copied once more.
 */

/** @typedef {{picture: number, bitmap: ImageBitmap | null, left: number, top: number, scale: number, smooth: boolean}} Shown */

/** The pixels as ImageData takes them. @param {Uint8Array} bytes a view on Layer memory @param {number} width
 * @param {number} height */
export function imageOf(bytes, width, height) {
  const { buffer, byteOffset, length } = bytes;
  const pixels = buffer instanceof ArrayBuffer ? new Uint8ClampedArray(buffer, byteOffset, length) : new Uint8ClampedArray(bytes);
  return new ImageData(pixels, width, height);
}

/** The pictures of one engine. */
export class Pictures {
  /** @type {Map<number, OffscreenCanvas>} */
  #canvases = new Map();

  /**
   * @param {object} parts
   * @param {() => import('./kernels/layer.js').Layer | null} parts.layer
   * @param {(shown: Shown, transfer: Transferable[]) => void} parts.post to the page
   */
  constructor({ layer, post }) {
    this.layer = layer;
    this.post = post;
  }

  /** The command. @param {number} picture @param {number} address @param {number} width @param {number} height
   * @param {number} left @param {number} top @param {number} scale @param {number} smooth */
  show(picture, address, width, height, left, top, scale, smooth) {
    const layer = this.layer();
    if (layer === null) throw new Error('Layer memory is not open.');
    const image = imageOf(layer.bytes(address, width * height * 4), width, height);
    const canvas = this.#canvas(picture, width, height);
    // In the browser's own memory: nothing here needs the GPU.
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d', { willReadFrequently: true }));
    context.putImageData(image, 0, 0);
    const bitmap = canvas.transferToImageBitmap();
    this.post({ picture, bitmap, left, top, scale, smooth: smooth === 1 }, [bitmap]);
  }

  /** The command. @param {number} picture */
  hide(picture) {
    this.#canvases.delete(picture);
    this.post({ picture, bitmap: null, left: 0, top: 0, scale: 1, smooth: false }, []);
  }

  /** @param {number} picture @param {number} width @param {number} height */
  #canvas(picture, width, height) {
    let canvas = this.#canvases.get(picture);
    if (canvas === undefined) this.#canvases.set(picture, (canvas = new OffscreenCanvas(width, height)));
    return canvas;
  }
}
