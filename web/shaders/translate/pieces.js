// @ts-check
/** @file A shader is composed of named pieces; errors are told by the piece's own name and line.
 *
 * Owns: joining pieces into the text that WebGPU compiles, and the way back from a line of it.
 */

/** @typedef {{ name: string, text: string }} Piece */

/** @param {readonly Piece[]} pieces @returns {string} one WGSL module */
export const joinPieces = (pieces) => pieces.map(({ text }) => text).join('\n');

/** The piece and line (from 1) of a line of the joined text; undefined behind its end.
 * @param {readonly Piece[]} pieces @param {number} line from 1
 * @returns {{ piece: string, line: number } | undefined} */
export function locateLine(pieces, line) {
  let rest = line;
  for (const { name, text } of pieces) {
    const lines = text.split('\n').length;
    if (rest <= lines) return { piece: name, line: rest };
    rest -= lines;
  }
  return undefined;
}
