// @ts-check
/** @file Pieces of WGSL to tokens (WGSL section 3): names, numbers and punctuation, each with its place. */
import { refuse } from './errors.js';

/** @typedef {import('./errors.js').At} At */
/** @typedef {{ kind: 'name' | 'number' | 'mark' | 'end', text: string, at: At }} Token */

const BYTES_MAX = 1 << 20;
const BLANK = /[ \t\n\v\f\r\u0085\u200e\u200f\u2028\u2029]+/y;
const NAME = /[\p{XID_Start}_]\p{XID_Continue}*/uy;
const NUMBER = new RegExp([
  '0[xX](?:[\\da-fA-F]+\\.[\\da-fA-F]*|\\.[\\da-fA-F]+)(?:[pP][+-]?\\d+[fh]?)?', '0[xX][\\da-fA-F]+[pP][+-]?\\d+[fh]?',
  '0[xX][\\da-fA-F]+[iu]?', '(?:\\d+\\.\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?[fh]?', '\\d+[eE][+-]?\\d+[fh]?', '\\d+[fhiu]?',
].join('|'), 'y');
const MARK = /<<=|>>=|->|==|!=|<=|>=|&&|\|\||<<|>>|\+\+|--|[-+*/%&|^]=|[-+*/%&|^!~<>=.,:;@(){}[\]]/y;
const LINE_COMMENT = /\/\/[^\n]*/y;
const COMMENT_MARK = /\/\*|\*\//g;

/** Reads one piece. */
class Reader {
  /** @param {import('./pieces.js').Piece} piece */
  constructor({ name, text }) {
    this.name = name;
    this.text = text;
    this.offset = 0;
    this.line = 1;
    this.lineStart = 0;
  }

  /** @returns {At} */
  get at() {
    return { piece: this.name, line: this.line, column: this.offset - this.lineStart + 1 };
  }

  /** Text that matches here, without moving. @param {RegExp} pattern sticky @returns {string} '' where none does */
  match(pattern) {
    pattern.lastIndex = this.offset;
    return pattern.exec(this.text)?.[0] ?? '';
  }

  /** Moves on and counts lines. @param {number} length */
  skip(length) {
    const end = this.offset + length;
    for (let next = this.text.indexOf('\n', this.offset); next >= 0 && next < end;) {
      this.line += 1;
      this.lineStart = next + 1;
      next = this.text.indexOf('\n', next + 1);
    }
    this.offset = end;
  }

  /** Block comments nest in WGSL. */
  skipBlockComment() {
    const { at } = this;
    let depth = 0;
    COMMENT_MARK.lastIndex = this.offset;
    do {
      const found = COMMENT_MARK.exec(this.text);
      if (!found) refuse(at, 'This comment is never closed; it needs a `*/` in the same piece.');
      depth += found[0] === '/*' ? 1 : -1;
    } while (depth > 0);
    this.skip(COMMENT_MARK.lastIndex - this.offset);
  }

  /** Skips blanks and comments. */
  skipBlanks() {
    for (;;) {
      const length = this.match(BLANK).length || this.match(LINE_COMMENT).length;
      if (length > 0) this.skip(length);
      else if (this.text.startsWith('/*', this.offset)) this.skipBlockComment();
      else return;
    }
  }

  /** @returns {Token} */
  next() {
    const { at } = this;
    for (const [kind, pattern] of /** @type {const} */ ([['name', NAME], ['number', NUMBER], ['mark', MARK]])) {
      const text = this.match(pattern);
      if (!text) continue;
      this.skip(text.length);
      if (kind === 'number' && this.match(NAME)) refuse(at, `\`${text}${this.match(NAME)}\` is no number of WGSL.`);
      return { kind, text, at };
    }
    const character = String.fromCodePoint(this.text.codePointAt(this.offset) ?? 0);
    return refuse(at, `The character ${JSON.stringify(character)} has no meaning in WGSL.`);
  }
}

/** @param {readonly import('./pieces.js').Piece[]} pieces @returns {Token[]} the last one is the end */
export function tokenize(pieces) {
  /** @type {Token[]} */
  const tokens = [];
  let at = { piece: 'shader', line: 1, column: 1 };
  for (const piece of pieces) {
    const reader = new Reader(piece);
    if (piece.text.length > BYTES_MAX) {
      refuse(reader.at, `The piece has ${piece.text.length} characters; the limit is ${BYTES_MAX}.`);
    }
    for (reader.skipBlanks(); reader.offset < piece.text.length; reader.skipBlanks()) tokens.push(reader.next());
    ({ at } = reader);
  }
  tokens.push({ kind: 'end', text: 'the end of the source', at });
  return tokens;
}
