// @ts-check
/** @file A program's own shader as a module: its text among the engine's pieces, checked in the same way for every API.
 *
 * Owns: the pieces, where its parameters and textures are bound, and what an error says. Does not: compile; a backend does.
 * Loaded with the first such shader, the translator with it: the built-in shaders need neither.
 */
import { MATERIAL_SLOTS } from '../../gen/layouts.js';
import { loadPieces } from '../../shaders/loader.js';
import { PARAMS_BINDING, samplerBinding, textureBinding } from './bindings.js';
import { aroundShader } from '../../shaders/programs.js';
import { ShaderError, checkShader, joinPieces, locateLine, translate } from '../../shaders/translate/translate.js';

/** @typedef {import('./resources.js').ShaderSource} ShaderSource */
/** @typedef {import('../../shaders/translate/pieces.js').Piece} Piece */
const OWN = 'wgsl';
/** Its own textures follow those of pbr. */
const FIRST = MATERIAL_SLOTS[0].length;
/** Its samplers may be called anywhere: which pixels of a quad take part is the program's own affair, as in GLSL. */
const DIRECTIVE = 'diagnostic(off, derivative_uniformity);\n';

/** @param {ShaderSource} source @returns {string} */
function declarations({ params, textures }) {
  const block = params === '' ? ''
    : `struct Params {\n${params}}\n@group(1) @binding(${PARAMS_BINDING}) var<uniform> params: Params;\n`;
  return block + textures.map((name, index) => (
    `@group(1) @binding(${textureBinding(FIRST + index)}) var ${name}: texture_2d<f32>;\n`
    + `@group(1) @binding(${samplerBinding(FIRST + index)}) var ${name}_sampler: sampler;\n`)).join('');
}

/** @param {ShaderSource} source @param {'webgpu' | 'webgl2'} api @returns {Promise<Piece[]>} */
async function piecesOf(source, api) {
  const { before, after } = aroundShader(source.displaces);
  const texts = await loadPieces([...before, ...after], api);
  const engine = (/** @type {string[]} */ names) => names.map((name) => ({ name, text: texts.get(name) ?? '' }));
  return [...engine(before), { name: 'params', text: declarations(source) }, { name: OWN, text: source.wgsl }, ...engine(after)];
}

/** The line of the program's text that a reason is about. @param {string} reason @param {number} line
 * @param {number} column @param {string} text @returns {string} */
function told(reason, line, column, text) {
  const source = text.split('\n')[line - 1] ?? '';
  return `Line ${line}, column ${column}: ${reason}\n${source}\n${' '.repeat(Math.max(0, column - 1))}^`;
}

/** @param {unknown} error @param {ShaderSource} source @returns {Error} */
function explained(error, source) {
  if (!(error instanceof ShaderError)) return /** @type {Error} */ (error);
  const { piece, line, column } = error.at;
  if (piece === OWN) return new Error(told(error.reason, line, column, source.wgsl));
  return new Error(`${error.reason} The engine's own ${piece}, line ${line}, does not go with it: ${error.excerpt}`);
}

/** GLSL for WebGL2. Throws what is wrong with the program's line.
 * @param {ShaderSource} source @returns {Promise<{ vertex: string, posed: string, fragment: string, depth: string }>} */
export async function glslOf(source) {
  const pieces = await piecesOf(source, 'webgl2');
  try {
    return {
      vertex: translate(pieces, 'vertex', 'vertex_main').glsl,
      posed: translate(pieces, 'vertex', 'vertex_posed').glsl,
      fragment: translate(pieces, 'fragment', 'fragment_main').glsl,
      depth: translate(pieces, 'fragment', 'depth_main').glsl,
    };
  } catch (error) {
    throw explained(error, source);
  }
}

/** WGSL for WebGPU, which has passed the checks of WebGL2's translator: what draws on one API draws on the other.
 * @param {ShaderSource} source @returns {Promise<{ code: string, pieces: Piece[] }>} */
export async function wgslOf(source) {
  try {
    checkShader(await piecesOf(source, 'webgl2'));
  } catch (error) {
    throw explained(error, source);
  }
  const pieces = await piecesOf(source, 'webgpu');
  return { code: DIRECTIVE + joinPieces(pieces), pieces };
}

/** What WebGPU's compiler says, by the program's own line.
 * @param {Piece[]} pieces @param {ShaderSource} source @param {GPUCompilationMessage} message @returns {Error} */
export function compilerError(pieces, source, { message, lineNum, linePos }) {
  const found = locateLine(pieces, lineNum - 1); // the directive is a line of its own
  if (found?.piece === OWN) return new Error(told(message, found.line, linePos, source.wgsl));
  return new Error(`${message} (${found ? `the engine's own ${found.piece}, line ${found.line}` : 'no line is known'})`);
}
