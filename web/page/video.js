/**
 * A video that the page plays for a `lw.Texture.video(url)`: an element that is never shown.
 *
 * Owns: the element, and what to do where the browser plays nothing yet. Does not: take pictures; feed.js does.
 */

/**
 * @typedef {object} VideoRequest
 * @property {string} url absolute
 * @property {boolean} loop
 * @property {boolean} muted
 * @property {boolean} playing
 */

/** See the file. */
export class PageVideo {
  element = document.createElement('video');
  #ended = new AbortController();
  #playing = false;
  #isRefused = false;

  /** @param {VideoRequest} request @param {(text: string, failed: boolean) => void} tell '' = it goes on */
  constructor({ url, loop, muted, playing }, tell) {
    this.tell = tell;
    const { element } = this;
    Object.assign(element, { crossOrigin: 'anonymous', loop, muted, playsInline: true, preload: 'auto' });
    element.addEventListener('error', () => this.#failed(), { signal: this.#ended.signal });
    element.src = url;
    this.play(playing);
  }

  /** Plays it, or holds it where it is. @param {boolean} playing */
  play(playing) {
    this.#playing = playing;
    if (!playing) return this.element.pause();
    this.element.play().then(() => this.#allowed(), (error) => {
      if (error.name === 'NotAllowedError') this.#refused();
    }); // other errors: the element tells them
  }

  /** Ends it, and what it fetches. */
  destroy() {
    this.#ended.abort();
    this.element.pause();
    this.element.removeAttribute('src');
    this.element.load();
  }

  #allowed() {
    if (this.#isRefused) this.tell('', false);
    this.#isRefused = false;
  }

  #refused() {
    if (this.#isRefused || this.#ended.signal.aborted) return;
    this.#isRefused = true;
    this.tell('The browser plays no sound before a click or a key: it starts with the first. muted=True starts it at once.', false);
    for (const name of ['pointerup', 'keydown']) {
      addEventListener(name, () => this.#isRefused && this.#playing && this.play(true), { signal: this.#ended.signal, capture: true });
    }
  }

  #failed() {
    const { error } = this.element;
    const reason = error?.message || ['', 'it was aborted', 'the network failed', 'it is damaged', 'no such file or format'][error?.code ?? 0];
    this.tell(`The browser can't play it: ${reason}. MP4 (H.264) and WebM (VP9) play in most; another server has to send Access-Control-Allow-Origin.`, true);
  }
}
