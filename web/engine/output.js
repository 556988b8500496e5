/**
 * What a program prints, as lines: a whole line at once, the rest of one when it is flushed (at the end of a frame).
 *
 * Owns: the text since the last newline. Limits: TEXT_MAX characters without a newline are shown as they are.
 */

const TEXT_MAX = 4096;

/** One of stdout and stderr. */
export class LineOutput {
  #decoder = new TextDecoder();
  #text = '';

  /** @param {(text: string) => void} show */
  constructor(show) {
    this.show = show;
  }

  /** As Pyodide's setStdout wants it. @param {Uint8Array} bytes @returns {number} bytes taken: all */
  write(bytes) {
    const lines = (this.#text + this.#decoder.decode(bytes.slice(), { stream: true })).split('\n');
    this.#text = /** @type {string} */ (lines.pop());
    for (const line of lines) this.show(line);
    if (this.#text.length > TEXT_MAX) this.flush();
    return bytes.length;
  }

  /** Shows what has no newline yet. */
  flush() {
    if (this.#text === '') return;
    this.show(this.#text);
    this.#text = '';
  }
}
