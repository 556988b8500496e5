/**
 * The development server's reload socket: the page starts again when a file of the program changed.
 *
 * Owns: one WebSocket. Does not: exist in an export (its manifest says engine "wheel").
 * Limits: a lost server is asked again every RETRY_MS; when it is back the page reloads, its files may differ.
 */

const RETRY_MS = 1000;

/** Listens until closed. */
export class ReloadSocket {
  #closed = false;
  /** @type {WebSocket | null} */
  #socket = null;
  #wasOpen = false;

  /** @param {string} baseUrl folder of web/ */
  constructor(baseUrl) {
    const url = new URL('../ws', baseUrl);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    this.url = url;
    this.#open();
  }

  close() {
    this.#closed = true;
    this.#socket?.close();
  }

  #open() {
    if (this.#closed) return;
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    socket.onopen = () => {
      if (this.#wasOpen) location.reload();
      this.#wasOpen = true;
    };
    socket.onmessage = ({ data }) => {
      if (JSON.parse(data).type === 'reload') location.reload();
    };
    socket.onclose = () => {
      // Never open: this origin may not listen (the server allows listed ones only). Then don't ask again.
      if (!this.#closed && this.#wasOpen) setTimeout(() => this.#open(), RETRY_MS);
    };
  }
}
