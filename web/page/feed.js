/**
 * One feed: pictures of one source, made when something new is there and the engine has taken the last one.
 *
 * Owns: at most one bitmap on its way, and whatever tells of new pictures: video frames, animation frames, loads.
 * Does not: know names, programs or where pictures go. Limits: a hidden page makes none (it has no animation frames); a
 * WebGL canvas shows what it keeps (preserveDrawingBuffer), or what `want` finds right after it was drawn.
 */
import { scaledSize } from '../transfer/decode/scaled-size.js';
import { kindOf } from './textures.js';

/** @typedef {import('./textures.js').Source} Source */
/**
 * @typedef {object} FeedHooks
 * @property {(bitmap: ImageBitmap) => void} send throws where the browser gives the picture to nobody else
 * @property {(text: string) => void} fail why no picture comes
 */

const RETRY_MS = 1000; // after a picture that could not be made of what changes
const VIDEO_FAILURES = 3; // running, before it is told: between two frames a browser may have none

/** @param {any} source @returns {[number, number]} 0 where there is nothing yet */
function sizeOf(source) {
  if (source.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return [0, 0];
  return [
    source.videoWidth ?? source.naturalWidth ?? source.displayWidth ?? source.width,
    source.videoHeight ?? source.naturalHeight ?? source.displayHeight ?? source.height,
  ];
}

/** See the file. */
export class Feed {
  /** Whether a picture was ever sent. */
  sent = false;
  /** Whether the last one could not be made: why was told. */
  failed = false;
  /** @type {Source | null} */
  source = null;
  live = false;
  #isLive = false;
  /** Something new is there, or may be. */
  #wanted = false;
  /** A picture is being made, or was not taken yet. */
  #busy = false;
  #isVideo = false;
  #failures = 0; // running
  #ticket = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;
  #listening = new AbortController();
  /** @type {FeedHooks} */
  #hooks;

  /** @param {number} maxSide @param {FeedHooks} hooks */
  constructor(maxSide, hooks) {
    this.maxSide = maxSide;
    this.#hooks = hooks;
  }

  /** From now on its pictures are of this. @param {Source | null} source @param {boolean} live of a canvas */
  use(source, live) {
    this.#ignore();
    this.source = source;
    const kind = kindOf(source);
    this.#isLive = live && kind.includes('Canvas');
    this.live = live;
    this.#isVideo = kind === 'HTMLVideoElement';
    this.#failures = 0;
    if (this.#isVideo) this.#watchVideo(/** @type {HTMLVideoElement} */ (source));
    else if (kind === 'HTMLImageElement') this.#watchImage(/** @type {HTMLImageElement} */ (source));
    if (this.#isLive) this.#tick();
    else if (source !== null) this.want();
  }

  /** Takes a picture as soon as the last one was taken. */
  want() {
    this.#wanted = true;
    if (!this.#busy) this.#make();
  }

  /** The engine has the last picture no more: it was drawn, or dropped. */
  taken() {
    this.#busy = false;
    if (this.#isLive) this.#tick();
    if (this.#wanted) this.#make();
  }

  /** Ends it. */
  end() {
    this.use(null, false);
  }

  #ignore() {
    this.#listening.abort();
    this.#listening = new AbortController();
    cancelAnimationFrame(this.#ticket);
    clearTimeout(this.#retry);
    this.#wanted = false;
  }

  /** Looks again in the next animation frame. */
  #tick() {
    cancelAnimationFrame(this.#ticket);
    this.#ticket = requestAnimationFrame(() => this.want());
  }

  async #make() {
    const { source } = this;
    if (source === null) return;
    const [width, height] = sizeOf(source);
    if (width === 0 || height === 0) {
      if (this.#isLive) this.#tick(); // it may get a size
      return;
    }
    this.#wanted = false;
    this.#busy = true;
    const [resizeWidth, resizeHeight] = scaledSize(width, height, this.maxSide);
    /** @type {ImageBitmapOptions} */
    const options = { premultiplyAlpha: 'none' };
    if (resizeWidth !== width || resizeHeight !== height) Object.assign(options, { resizeWidth, resizeHeight, resizeQuality: 'medium' });
    try {
      const bitmap = await createImageBitmap(source, options);
      if (source !== this.source) return this.#drop(bitmap);
      this.#hooks.send(bitmap);
      this.sent = true;
      this.failed = false;
      this.#failures = 0;
    } catch (error) {
      if (source !== this.source) return this.taken();
      this.#busy = false;
      if (this.#isLive || this.#isVideo) this.#retry = setTimeout(() => this.want(), RETRY_MS);
      const reason = reasonOf(/** @type {Error} */ (error));
      this.#failures += 1;
      if (this.#isVideo && reason !== OTHER_ORIGIN && this.#failures < VIDEO_FAILURES) return;
      this.failed = true;
      this.#hooks.fail(reason);
    }
  }

  /** Of a source that is another one by now. @param {ImageBitmap} bitmap */
  #drop(bitmap) {
    bitmap.close();
    this.taken();
  }

  /** @param {HTMLVideoElement} video */
  #watchVideo(video) {
    const { signal } = this.#listening;
    for (const name of ['loadeddata', 'seeked']) video.addEventListener(name, () => this.want(), { signal });
    if ('requestVideoFrameCallback' in video) this.#watchFrames(video, signal);
    else this.#watchTime(video, signal);
  }

  /** @param {HTMLVideoElement} video @param {AbortSignal} signal */
  #watchFrames(video, signal) {
    const onFrame = () => {
      if (signal.aborted) return;
      this.want();
      video.requestVideoFrameCallback(onFrame);
    };
    video.requestVideoFrameCallback(onFrame);
  }

  /** Where nothing tells of frames. @param {HTMLVideoElement} video @param {AbortSignal} signal */
  #watchTime(video, signal) {
    let shown = -1;
    const look = () => {
      if (signal.aborted) return;
      if (video.currentTime !== shown) this.want();
      shown = video.currentTime;
      requestAnimationFrame(look);
    };
    look();
  }

  /** @param {HTMLImageElement} image */
  #watchImage(image) {
    const { signal } = this.#listening;
    image.addEventListener('load', () => this.want(), { signal });
    const fail = () => this.#hooks.fail('Its image could not be loaded.');
    image.addEventListener('error', fail, { signal });
    if (image.complete && image.src !== '' && image.naturalWidth === 0) fail();
  }
}

const OTHER_ORIGIN = 'It holds pixels of another origin, which the browser gives to no texture: the server has to send '
  + 'Access-Control-Allow-Origin, and the image or video needs crossOrigin = "anonymous" before its src.';

/** @param {Error} error of createImageBitmap or postMessage */
function reasonOf(error) {
  if (error.name === 'DataCloneError' || error.name === 'SecurityError') return OTHER_ORIGIN;
  return `The browser makes no picture of it: ${error.message}`;
}
