/**
 * What textures of the program show of the page: canvases, videos and images by name (element.textures), and videos that
 * are played for them.
 *
 * Owns: one Feed for each texture that the engine opened one for; `destroy` ends them with the program.
 * Does not: decide when pictures are drawn; the engine says when one was taken, and only then the next is made.
 */
import { Feed } from './feed.js';
import { PageVideo } from './video.js';

const PATIENCE_MS = 5000;

/** @typedef {{ name?: string, max_side: number } & Partial<import('./video.js').VideoRequest>} FeedRequest */
/** @typedef {{ feed: Feed, name: string | undefined, video: PageVideo | null, timer: ReturnType<typeof setTimeout> | undefined }} Open */
/** From engine/feeds.js. @typedef {{ op: 'open' | 'close' | 'taken' | 'play', feed: number, request?: FeedRequest, playing?: boolean }} Order */

/** See the file. */
export class Feeds {
  /** @type {Map<number, Open>} */
  #open = new Map();
  #unlisten;

  /** @param {import('./textures.js').PageTextures} textures
   * @param {(message: object, transfer?: Transferable[]) => void} post to the engine */
  constructor(textures, post) {
    this.textures = textures;
    this.post = post;
    this.#unlisten = textures.listen((name) => this.#changed(name));
  }

  /** @param {Order} order */
  receive({ op, feed: number, request, playing }) {
    const open = this.#open.get(number);
    if (op === 'open' && open !== undefined) this.#again(open);
    else if (op === 'open') this.#begin(number, /** @type {FeedRequest} */ (request));
    else if (op === 'close') this.#end(number);
    else if (op === 'taken') open?.feed.taken();
    else open?.video?.play(playing === true);
  }

  /** Ends all of them. */
  destroy() {
    this.#unlisten();
    for (const number of [...this.#open.keys()]) this.#end(number);
  }

  /** @param {number} number @param {FeedRequest} request */
  #begin(number, request) {
    const tell = (/** @type {string} */ text, /** @type {boolean} */ failed) => this.post({ type: 'feedTrouble', feed: number, failed, text });
    const feed = new Feed(request.max_side, {
      send: (bitmap) => this.post({ type: 'picture', feed: number, bitmap }, [bitmap]),
      fail: (text) => {
        clearTimeout(open.timer);
        tell(text, true);
      },
    });
    /** @type {Open} */
    const open = { feed, name: request.name, video: null, timer: undefined };
    this.#open.set(number, open);
    if (request.name === undefined) {
      open.video = new PageVideo(/** @type {import('./video.js').VideoRequest} */ (request), tell);
      return feed.use(open.video.element, true);
    }
    this.#show(open);
    this.#askLater(open, (text) => tell(text, false));
  }

  /** The device is another one: the newest picture once more. @param {Open} open */
  #again({ feed }) {
    feed.taken();
    feed.want();
  }

  /** @param {number} number */
  #end(number) {
    const open = this.#open.get(number);
    if (open === undefined) return;
    this.#open.delete(number);
    clearTimeout(open.timer);
    open.feed.end();
    open.video?.destroy();
  }

  /** @param {Open} open */
  #show({ feed, name }) {
    const given = this.textures.get(/** @type {string} */ (name));
    if (given === undefined) feed.end();
    else if (given.source === feed.source && given.live === feed.live) feed.want();
    else feed.use(given.source, given.live);
  }

  /** @param {string} name was set, updated or deleted */
  #changed(name) {
    for (const open of this.#open.values()) {
      if (open.name === name) this.#show(open);
    }
  }

  /** A name that the page never gives is told once. @param {Open} open @param {(text: string) => void} tell */
  #askLater(open, tell) {
    open.timer = setTimeout(() => {
      if (open.feed.sent || open.feed.failed) return;
      if (document.hidden) return this.#askLater(open, tell); // nothing is captured meanwhile
      const name = JSON.stringify(open.name);
      tell(open.feed.source === null
        ? `The page gives no picture of this name: element.textures.set(${name}, canvas) in JavaScript does.`
        : 'What the page gives under this name has no pixels yet.');
    }, PATIENCE_MS);
  }
}
