/**
 * `element.textures`: what the page shows to textures of the program, by name.
 *
 * Owns: which source has which name. It outlives a program: one that starts again finds the same sources. Does not: take
 * pictures; feeds.js does, while a `lw.Texture.live(name)` is shown.
 * Limits: NAME_CHARS_MAX.
 */

/** @typedef {HTMLCanvasElement | OffscreenCanvas | HTMLVideoElement | HTMLImageElement | ImageBitmap | ImageData | VideoFrame} Source */
/** @typedef {{ source: Source, live: boolean }} Given */

export const NAME_CHARS_MAX = 256;
const KINDS = ['HTMLCanvasElement', 'OffscreenCanvas', 'HTMLVideoElement', 'HTMLImageElement', 'ImageBitmap', 'ImageData', 'VideoFrame'];

/** The class of a thing, of whatever document. @param {unknown} thing @returns {string} */
export const kindOf = (thing) => Object.prototype.toString.call(thing).slice(8, -1);

/** What `element.textures` is. */
export class PageTextures {
  /** @type {Map<string, Given>} */
  #given = new Map();
  /** @type {Set<(name: string) => void>} */
  #listeners = new Set();

  /**
   * Shows a source to every `lw.Texture.live(name)`, in place of the one before. It stays the page's.
   * @param {string} name
   * @param {Source} source
   * @param {{ live?: boolean }} [options] live: whether a canvas is looked at in each frame; false: now, and after `update`
   * @throws {TypeError} the name or the source is none
   */
  set(name, source, { live = true } = {}) {
    checkName(name);
    if (!KINDS.includes(kindOf(source))) {
      throw new TypeError(`element.textures.set(${JSON.stringify(name)}) was given ${kindOf(source)}; it takes ${KINDS.join(', ')}.`);
    }
    this.#given.set(name, { source, live: Boolean(live) });
    this.#tell(name);
  }

  /** Its source shows something new: takes a picture of it now. @param {string} name @throws {TypeError} it has none */
  update(name) {
    checkName(name);
    if (!this.#given.has(name)) throw new TypeError(`element.textures has no ${JSON.stringify(name)}; set(name, source) comes first.`);
    this.#tell(name);
  }

  /** Takes no further picture; textures keep the last. @param {string} name @returns {boolean} whether there was a source */
  delete(name) {
    const had = this.#given.delete(name);
    if (had) this.#tell(name);
    return had;
  }

  /** @param {string} name @returns {boolean} whether there is a source */
  has(name) {
    return this.#given.has(name);
  }

  /** @param {string} name @returns {Given | undefined} */
  get(name) {
    return this.#given.get(name);
  }

  /** Calls a function with each name that is set, updated or deleted. @param {(name: string) => void} listener
   * @returns {() => void} ends it */
  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @param {string} name */
  #tell(name) {
    for (const listener of this.#listeners) listener(name);
  }
}

/** @param {unknown} name */
function checkName(name) {
  if (typeof name !== 'string' || name.length === 0 || name.length > NAME_CHARS_MAX) {
    throw new TypeError(`A name of element.textures is a text of 1 to ${NAME_CHARS_MAX} characters; ${String(name).slice(0, 80)} was given.`);
  }
}
