/**
 * The development server's reload socket: it says which files changed, and the terminal repeats what the program prints.
 *
 * Owns: one WebSocket. Does not: exist in an export (its manifest says engine "wheel").
 * Limits: a lost server is asked again every RETRY_MS; when it comes back as another one (its start id differs), or
 * files changed meanwhile (its version differs), the page reloads; a connection that was only cut changes nothing.
 * Lines go out every SAY_MS, at most LINES_MAX and BYTES_MAX characters together; the rest is counted.
 */

const RETRY_MS = 1000;
const SAY_MS = 100;
const LINES_MAX = 200;
const TEXT_MAX = 9_000;
const BYTES_MAX = 9_000; // characters; the server takes 64 KiB a message, and a control character is six bytes there

/** Listens until closed. */
export class ReloadSocket {
  #closed = false;
  /** @type {WebSocket | null} */
  #socket = null;
  #wasOpen = false;
  /** Of the server's first greeting. */
  #known = '';
  /** @type {[number, string][]} */
  #lines = [];
  #length = 0;
  #dropped = 0;
  #timer = 0;

  /**
   * @param {string} baseUrl folder of web/
   * @param {(files: string[]) => void} changed their names: `app/main.py`, `web/…`, `engine/…`
   * @param {(wanted: boolean) => void} debug whether an editor wants to debug; told once at the start, and when it changes
   */
  constructor(baseUrl, changed, debug) {
    this.changed = changed;
    this.debug = debug;
    const url = new URL('../ws', baseUrl);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    this.url = url;
    this.#open();
  }

  /** @param {number} level 0 print, 1 warning, 2 error @param {string} text */
  say(level, text) {
    const kept = text.slice(0, TEXT_MAX);
    if (this.#lines.length >= LINES_MAX || this.#length + kept.length > BYTES_MAX) {
      this.#dropped += 1;
      return;
    }
    this.#lines.push([level, kept]);
    this.#length += kept.length;
    if (this.#timer === 0) this.#timer = setTimeout(() => this.#flush(), SAY_MS);
  }

  #flush() {
    this.#timer = 0;
    if (this.#lines.length === 0 || this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify({ type: 'log', lines: this.#lines, dropped: this.#dropped }));
    this.#lines = [];
    this.#length = this.#dropped = 0;
  }

  close() {
    this.#flush();
    clearTimeout(this.#timer);
    this.#closed = true;
    this.#socket?.close();
  }

  /** @param {{type: string, start?: string, version?: number, files?: string[], debugger?: boolean}} message */
  #receive({ type, start, version, files, debugger: debug }) {
    if (type === 'reload') {
      this.#known = `${this.#known.split(' ')[0]} ${version}`;
      return this.changed(files ?? []);
    }
    if (type === 'hello' || type === 'debugger') this.debug(debug ?? false);
    if (type !== 'hello') return;
    const now = `${start} ${version}`;
    if (this.#known !== '' && this.#known !== now) location.reload();
    this.#known = now;
  }

  #open() {
    if (this.#closed) return;
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    socket.onopen = () => {
      this.#wasOpen = true;
      this.#flush();
    };
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onclose = () => {
      if (!this.#wasOpen) this.debug(false);
      // Never open: this origin may not listen (the server allows listed ones only). Then don't ask again.
      if (!this.#closed && this.#wasOpen) setTimeout(() => this.#open(), RETRY_MS);
    };
  }
}
