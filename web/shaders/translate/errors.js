// @ts-check
/** @file The one error of the translator: a reason at a place in the program's own text. */

/** Where something stands: the piece's name, line and column from 1.
 * @typedef {{ piece: string, line: number, column: number }} At */

export class ShaderError extends Error {
  /** @param {string} reason one full sentence @param {At} at */
  constructor(reason, at) {
    super(`${at.piece}:${at.line}:${at.column}: ${reason}`);
    this.name = 'ShaderError';
    this.reason = reason;
    this.at = at;
    /** The line of source that it is about. */
    this.excerpt = '';
  }

  /** Adds the line of source, with a mark below the column. @param {string | undefined} source the piece's text */
  show(source) {
    const line = source?.split('\n')[this.at.line - 1];
    if (line === undefined || this.excerpt) return this;
    this.excerpt = `${line}\n${' '.repeat(this.at.column - 1)}^`;
    this.message += `\n${this.excerpt}`;
    return this;
  }
}

/** @param {At} at @param {string} reason @returns {never} */
export function refuse(at, reason) {
  throw new ShaderError(reason, at);
}
