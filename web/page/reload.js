/**
 * The development server's reload socket: the page starts again when a file of the program changed.
 *
 * Owns: one WebSocket. Does not: exist in an export (its manifest says engine "wheel").
 * Limits: a lost server is asked again every RETRY_MS; when it comes back as another one (its start id differs), or
 * files changed meanwhile (its version differs), the page reloads; a connection that was only cut changes nothing.
 */

const RETRY_MS = 1000;

/** Listens until closed. */
export class ReloadSocket {
  #closed = false;
  /** @type {WebSocket | null} */
  #socket = null;
  #wasOpen = false;
  /** Of the server's first greeting. */
  #known = '';

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

  /** @param {{type: string, start?: string, version?: number}} message */
  #receive({ type, start, version }) {
    if (type === 'reload') return location.reload();
    if (type !== 'hello') return;
    const now = `${start} ${version}`;
    if (this.#known !== '' && this.#known !== now) location.reload();
    this.#known = now;
  }

  #open() {
    if (this.#closed) return;
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    socket.onopen = () => (this.#wasOpen = true);
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onclose = () => {
      // Never open: this origin may not listen (the server allows listed ones only). Then don't ask again.
      if (!this.#closed && this.#wasOpen) setTimeout(() => this.#open(), RETRY_MS);
    };
  }
}
