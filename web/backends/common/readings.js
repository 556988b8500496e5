// @ts-check
/** @file Pictures on their way back from the GPU: asked for inside of a frame, read without waiting for the GPU.
 *
 * Owns: which readings this frame asked for and which the GPU still works on. Does not: know what a picture is for
 * (web/engine/readbacks.js does). Limits: Python bounds how many are pending.
 */

/**
 * A finished picture, as the API gave it; `close` once it was copied.
 * @typedef {object} Picture
 * @property {number} width
 * @property {number} height
 * @property {number} bytesPerRow
 * @property {Uint8Array} bytes four a pixel, sRGB, upper row first; alpha means nothing
 * @property {boolean} isBgra
 * @property {() => void} close
 */
/** Lines of texels of four numbers, tight: float16 or float32.
 * @typedef {{ width: number, height: number, isHalf: boolean, data: Uint8Array }} Lines */
/** @typedef {{ done(number: number, picture: Picture): void, failed(number: number, message: string): void }} PictureSink */
/** @typedef {{ read(): Promise<Picture> }} PictureSource starts to read what was drawn last */

const OPAQUE = 0xff000000;

/** Copies a picture as tight, opaque RGBA. @param {Picture} picture
 * @param {Uint8Array} target width * height * 4 bytes at a multiple of 4; may be shared memory */
export function copyPicture({ width, height, bytesPerRow, bytes, isBgra }, target) {
  const from = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2);
  const to = new Uint32Array(target.buffer, target.byteOffset, width * height);
  let at = 0;
  for (let y = 0; y < height; y += 1) {
    const start = y * (bytesPerRow >>> 2);
    if (isBgra) {
      for (let x = start; x < start + width; x += 1) {
        const pixel = from[x];
        to[at++] = (pixel & 0xff00) | ((pixel >>> 16) & 0xff) | ((pixel & 0xff) << 16) | OPAQUE;
      }
    } else {
      for (let x = start; x < start + width; x += 1) to[at++] = from[x] | OPAQUE;
    }
  }
}

/** A copy in JavaScript's own memory. @param {Picture} picture
 * @returns {{ width: number, height: number, data: Uint8Array<ArrayBuffer> }} */
export function tightCopy(picture) {
  const { width, height } = picture;
  const data = new Uint8Array(width * height * 4);
  copyPicture(picture, data);
  picture.close();
  return { width, height, data };
}

/** The readings of one backend. */
export class Readings {
  /** @type {number[]} */
  #wanted = [];
  /** @type {Set<number>} */
  #pending = new Set();

  /** @param {PictureSink | undefined} sink */
  constructor(sink) {
    this.sink = sink;
  }

  /** @param {number} number of the readback, for the frame that is being made */
  want(number) {
    this.#wanted.push(number);
  }

  /** The frame was drawn: starts what it asked for. @param {PictureSource} source */
  begin(source) {
    for (const number of this.#wanted.splice(0)) this.#read(number, source);
  }

  /** Ends everything, wanted or pending. @param {string} reason */
  fail(reason) {
    const numbers = [...this.#wanted.splice(0), ...this.#pending];
    this.#pending.clear();
    for (const number of numbers) this.sink?.failed(number, reason);
  }

  /** @param {number} number @param {PictureSource} source */
  async #read(number, source) {
    this.#pending.add(number);
    try {
      const picture = await source.read();
      if (this.#pending.delete(number) && this.sink) this.sink.done(number, picture);
      else picture.close();
    } catch (error) {
      const reason = `The picture could not be read back: ${/** @type {Error} */ (error).message}`;
      if (this.#pending.delete(number)) this.sink?.failed(number, reason);
    }
  }
}
