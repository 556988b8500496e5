// @ts-check
/** @file A place in the list of tokens, and what every part of the parser asks of it. */
import { refuse } from './errors.js';
import { WGSL_WORDS } from './words.js';

/** @typedef {import('./tokens.js').Token} Token */

/** Deeper sources are refused rather than overflowing the stack. */
export const DEPTH_MAX = 200;

export class Cursor {
  #index = 0;
  #depth = 0;

  /** @param {Token[]} tokens ends with the end */
  constructor(tokens) {
    this.tokens = tokens;
  }

  get token() {
    return this.tokens[this.#index];
  }

  /** The token after the current one. */
  get following() {
    return this.tokens[Math.min(this.#index + 1, this.tokens.length - 1)];
  }

  get at() {
    return this.token.at;
  }

  /** @returns {Token} the current token, which is then left behind */
  take() {
    const { token } = this;
    if (token.kind !== 'end') this.#index += 1;
    return token;
  }

  /** @param {string} text a mark or keyword */
  is(text) {
    return this.token.text === text && this.token.kind !== 'number' && this.token.kind !== 'end';
  }

  /** @param {...string} texts @returns {string} '' where it is none of them; else it is taken */
  accept(...texts) {
    for (const text of texts) {
      if (this.is(text)) return this.take().text;
    }
    return '';
  }

  /** @param {string} text @param {string} where what it belongs to */
  expect(text, where) {
    if (!this.accept(text)) this.refuse(`\`${text}\` is expected ${where}, not \`${this.token.text}\`.`);
  }

  /** A name that is no keyword. @param {string} what it names */
  name(what) {
    const { token } = this;
    if (token.kind !== 'name') this.refuse(`The name of ${what} is expected, not \`${token.text}\`.`);
    if (WGSL_WORDS.has(token.text) || token.text === '_') {
      this.refuse(`\`${token.text}\` is a reserved word of WGSL and can't name ${what}.`);
    }
    if (token.text.startsWith('__')) this.refuse(`\`${token.text}\` starts with two underscores, which WGSL reserves.`);
    return this.take().text;
  }

  /** Takes the `>` that ends a template list, also where it is the first half of `>>`, `>=` or `>>=`. */
  closeTemplate() {
    const { token } = this;
    if (token.kind !== 'mark' || !token.text.startsWith('>')) {
      this.refuse(`\`>\` is expected at the end of the template list, not \`${token.text}\`.`);
    }
    if (token.text === '>') this.take();
    else {
      const at = { ...token.at, column: token.at.column + 1 };
      this.tokens[this.#index] = { ...token, text: token.text.slice(1), at };
    }
  }

  /** Runs a part of the parser that may contain itself. @template T @param {() => T} parse @returns {T} */
  nested(parse) {
    if (this.#depth >= DEPTH_MAX) this.refuse(`The source is nested deeper than ${DEPTH_MAX} levels.`);
    this.#depth += 1;
    const parsed = parse();
    this.#depth -= 1;
    return parsed;
  }

  /** @param {string} reason @returns {never} */
  refuse(reason) {
    return refuse(this.at, reason);
  }
}
