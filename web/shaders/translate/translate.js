// @ts-check
/** @file WGSL to GLSL ES 3.00, for the subset that docs/shaders.md describes.
 *
 * Owns: the order of the steps. Runs in the page (for a program's own shaders) and under node (`tools/shaders.mjs`, which
 * writes web/shaders/gen). Whatever is outside of the subset is refused by a ShaderError with the piece's own line.
 */
import { checkBody } from './check-statement.js';
import { StageWriter } from './emit-module.js';
import { ShaderError, refuse } from './errors.js';
import { Module } from './module.js';
import { parseModule } from './parse-module.js';
import { tokenize } from './tokens.js';

export { ShaderError } from './errors.js';
export { joinPieces, locateLine } from './pieces.js';

/** @typedef {import('./pieces.js').Piece} Piece */
/** @typedef {import('./emit-module.js').StageOutput} StageOutput */
/** @typedef {import('./emit-entry.js').Stage} Stage */

/**
 * Translates one entry point of a module.
 *
 * @param {readonly Piece[]} pieces WGSL, in order; together they are one module
 * @param {Stage} stage
 * @param {string} [entry] name of the entry point; else the only one of that stage
 * @returns {StageOutput} the GLSL, and what it has to be given
 * @throws {ShaderError} with piece, line and column
 */
export function translate(pieces, stage, entry) {
  return explained(pieces, () => {
    const module = check(pieces);
    return new StageWriter(module, findEntry(module, pieces, stage, entry), stage).write();
  });
}

/** Checks a module without writing anything. @param {readonly Piece[]} pieces @throws {ShaderError} */
export function checkShader(pieces) {
  explained(pieces, () => check(pieces));
}

/** @param {readonly Piece[]} pieces @returns {Module} */
function check(pieces) {
  const tokens = tokenize(pieces);
  const spellings = tokens.filter(({ kind }) => kind === 'name').map(({ text }) => text);
  const module = new Module(parseModule(tokens), spellings);
  module.resolve();
  for (const decl of module.list) if (decl.kind === 'function') checkBody(decl, module);
  module.bindings.settle();
  return module;
}

/** @param {Module} module @param {readonly Piece[]} pieces @param {Stage} stage @param {string | undefined} name */
function findEntry(module, pieces, stage, name) {
  const found = [...module.decls.values()].filter((decl) => decl.kind === 'function')
    .filter((decl) => decl.attributes.some((one) => one.name === stage) && (name === undefined || decl.name === name));
  if (found.length === 1) return found[0];
  const at = found[1]?.at ?? { piece: pieces[pieces.length - 1]?.name ?? 'shader', line: 1, column: 1 };
  return refuse(at, `The module has ${found.length} ${stage} entry points${name ? ` named \`${name}\`` : ''}, but 1 is needed.`);
}

/** Adds the line of source to an error. @template T @param {readonly Piece[]} pieces @param {() => T} work @returns {T} */
function explained(pieces, work) {
  try {
    return work();
  } catch (error) {
    if (error instanceof ShaderError) error.show(pieces.find(({ name }) => name === error.at.piece)?.text);
    throw error;
  }
}
