/**
 * Pictures of the page for textures, on the engine's side: at most one waits in each feed, the newest.
 *
 * Owns: the bitmaps until they are in a texture. Does not: make them (page/feeds.js), nor decide which texture they belong
 * to (Python does). A picture that nothing takes (no frames, no device) keeps the page from making the next.
 */

/**
 * @typedef {object} FeedParts
 * @property {{ text: (address: number, sizeBytes: number) => string }} heap
 * @property {{ feedPicture: (feed: number, width: number, height: number) => unknown,
 *   feedTrouble: (feed: number, failed: number, message: string) => unknown }} events
 * @property {string} baseUrl addresses of videos start here
 * @property {(order: import('../page/feeds.js').Order) => void} post to the page
 */

/** The feeds of one engine. */
export class Feeds {
  /** What waits, of each feed that is open. @type {Map<number, ImageBitmap | null>} */
  #waiting = new Map();
  /** @type {FeedParts} */
  #parts;

  /** @param {FeedParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** The command. @param {number} feed @param {number} data @param {number} sizeBytes */
  open(feed, data, sizeBytes) {
    const { heap, events, baseUrl, post } = this.#parts;
    const request = JSON.parse(heap.text(data, sizeBytes));
    this.#replace(feed, null);
    try {
      if (request.url !== undefined) request.url = new URL(request.url, baseUrl).href;
    } catch {
      return void events.feedTrouble(feed, 1, 'Its address is no URL.');
    }
    post({ op: 'open', feed, request });
  }

  /** The command. @param {number} feed */
  close(feed) {
    this.#replace(feed, null);
    this.#waiting.delete(feed);
    this.#parts.post({ op: 'close', feed });
  }

  /** The command. @param {number} feed @param {number} playing */
  play(feed, playing) {
    this.#parts.post({ op: 'play', feed, playing: playing === 1 });
  }

  /** From the page. @param {{ type: string, feed: number, bitmap: ImageBitmap, failed: boolean, text: string }} message */
  receive({ type, feed, bitmap, failed, text }) {
    const { events } = this.#parts;
    if (!this.#waiting.has(feed)) return void bitmap?.close();
    if (type === 'feedTrouble') return void events.feedTrouble(feed, Number(failed), text);
    this.#replace(feed, bitmap);
    events.feedPicture(feed, bitmap.width, bitmap.height);
  }

  /** What waits, for a backend. @param {number} feed @returns {ImageBitmap | null} */
  picture(feed) {
    return this.#waiting.get(feed) ?? null;
  }

  /** It is in a texture, or is not needed. @param {number} feed */
  taken(feed) {
    if (!this.#waiting.has(feed)) return;
    this.#replace(feed, null);
    this.#parts.post({ op: 'taken', feed });
  }

  /** Ends all of them. */
  destroy() {
    for (const feed of this.#waiting.keys()) this.#replace(feed, null);
    this.#waiting.clear();
  }

  /** @param {number} feed @param {ImageBitmap | null} bitmap */
  #replace(feed, bitmap) {
    this.#waiting.get(feed)?.close();
    this.#waiting.set(feed, bitmap);
  }
}
