// @ts-check
/** @file Fetches shader texts and makes programs of them: WGSL from its pieces, GLSL from what was generated.
 *
 * Owns: the constants that select a variant. Does not compile anything. Which pieces make a program: programs.js.
 */
import {
  MATERIAL_BLEND, MATERIAL_DOUBLE_SIDED, MATERIAL_KINDS, MATERIAL_MASK, MATERIAL_METRES, MATERIAL_NO_FOG, MATERIAL_WIND,
  TOPOLOGIES,
} from '../gen/layouts.js';
import { PASSES, TARGETS } from '../gen/passes.js';
import { PROGRAMS, glslFiles, glslStages, pieceFile, piecesOf, wgslPieces } from './programs.js';

/** Material flags that make another pipeline. */
export const PIPELINE_FLAGS = MATERIAL_DOUBLE_SIDED | MATERIAL_BLEND | MATERIAL_MASK | MATERIAL_WIND | MATERIAL_METRES
  | MATERIAL_NO_FOG;

/** @param {string} file in this folder @returns {Promise<string>} */
async function loadText(file) {
  const url = new URL(`./${file}`, import.meta.url);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The shader ${url.pathname} could not be loaded: HTTP ${response.status}.`);
  return response.text();
}

/** @param {[string, string][]} files name and file @returns {Promise<Map<string, string>>} text by name */
const loadAll = async (files) => new Map(await Promise.all(files.map(async ([name, file]) => (
  /** @type {[string, string]} */ ([name, await loadText(file)])))));

/** Everything that WebGPU compiles. @returns {Promise<Map<string, string>>} WGSL by piece */
export const loadWgsl = () => loadAll(wgslPieces().map((name) => [name, pieceFile(name, 'webgpu')]));

/** Everything that WebGL2 compiles. @returns {Promise<Map<string, string>>} GLSL by file name */
export const loadGlsl = () => loadAll(glslStages().map(({ file }) => [file, `gen/${file}`]));

/** Pieces of WGSL, for an API. @param {string[]} names @param {import('./programs.js').Api} api
 * @returns {Promise<Map<string, string>>} text by piece */
export const loadPieces = (names, api) => loadAll([...new Set(names)].map((name) => [name, pieceFile(name, api)]));

/** Puts values of overrides into a GLSL stage, whose version has to stay the first line.
 * @param {string} text @param {Record<string, number>} values @returns {string} */
export const defined = (text, values) => text.replace('\n', `\n${
  Object.entries(values).map(([name, value]) => `#define ${name} ${value !== 0}\n`).join('')}`);

/** What rows say of the materials that they draw. */
const PARTS = new Set(PASSES.map(({ materials }) => materials));

/** @typedef {import('../gen/passes.js').Pass} Pass */

/** The program of a material kind in a draw pass. @param {number} kind @param {Pass} row @returns {string} */
export const meshProgram = (kind, { shader }) => shader || MATERIAL_KINDS[kind];

/** Which passes draw a material of a kind: those of its `materials`. @param {number} kind @param {number} flags */
export const partOf = (kind, flags) => (PARTS.has(MATERIAL_KINDS[kind]) ? MATERIAL_KINDS[kind]
  : (flags & MATERIAL_BLEND) !== 0 ? 'see_through' : 'solid');

/** The topology that a material kind draws: that of its name, for elements; else triangles and what else has vertices.
 * @param {number} kind @returns {number} */
export const topologyOf = (kind) => Math.max(0, TOPOLOGIES.indexOf(MATERIAL_KINDS[kind]));

/** Whether a kind's colours are shown as given: without light, exposure and tone map. @param {number} kind */
export const isGiven = (kind) => GIVEN.includes(MATERIAL_KINDS[kind]);

/** Whether what it draws without blending has a fourth number. @param {number} kind */
export const writesAlpha = (kind) => isGiven(kind) || MATERIAL_KINDS[kind] === 'step';

/** Whether its colours are multiplied by their alpha already: those that add have none. @param {number} kind */
export const isPremultiplied = (kind) => MATERIAL_KINDS[kind] === 'particles';

/** Whether alpha says how many of a pixel's samples are drawn: of points, lines and cut-outs. @param {number} kind
 * @param {number} flags @param {Pass} row */
export const usesCoverage = (kind, flags, { colors, blend }) => (isGiven(kind) || (flags & MATERIAL_MASK) !== 0)
  && blend === ''
  && (TARGETS.find(({ name }) => name === colors[0])?.samples ?? 1) > 1;

const GIVEN = ['discs', 'strokes', 'splats', 'ui'];
const LAYERED = ['layered', 'glass'];

/** Values of the overrides in frame.wgsl. @param {number} kind @param {number} flags @param {Pass} row the draw pass
 * @param {boolean} [isOwn] a program's shader, which may give its surface layers @param {boolean} [fades] of DRAW_FADES
 * @returns {Record<string, number>} 1 true, 0 false */
export const overrides = (kind, flags, row, isOwn = false, fades = false) => ({
  LAYERED: Number(isOwn || LAYERED.includes(MATERIAL_KINDS[kind])),
  MASK: Number((flags & MATERIAL_MASK) !== 0),
  BLEND: Number((flags & MATERIAL_BLEND) !== 0),
  WIND: Number((flags & MATERIAL_WIND) !== 0),
  METRES: Number((flags & MATERIAL_METRES) !== 0),
  FOG: Number((flags & MATERIAL_NO_FOG) === 0),
  COVERAGE: Number(usesCoverage(kind, flags, row)),
  FADES: Number(fades),
  SHADOW_PASS: Number(row.timer === 'shadow'),
  ...passOverrides(row),
});

/** Values of the overrides in radiance.wgsl, where the pass's program has them. @param {Pass} row
 * @returns {Record<string, number>} */
export function passOverrides({ kind, reads, colors, shader, blend }) {
  const isLit = colors.length > 0 && (kind === 'draws' || PROGRAMS[shader].includes('radiance'));
  if (!isLit) return {};
  const formats = colors.map((color) => TARGETS.find(({ name }) => name === color)?.format);
  return {
    ENCODED: Number(formats[0] === 'rgb10a2'), MIRRORED: Number(reads.includes('mirror') || reads.includes('background')),
    COPIED: Number(reads.includes('background')),
    WEIGHTED: Number(blend === 'weighted'),
    PICKED: Number(formats.includes('rg32uint')),
  };
}

/** The WGSL module of a program. @param {Map<string, string>} texts @param {string} program @param {boolean} [isPosed]
 * whether joints and morphs move its vertices @returns {string} */
export const wgslModule = (texts, program, isPosed = false) => piecesOf(program, isPosed).map((name) => texts.get(name)).join('\n');

/** @typedef {{ vertex: string, fragment: string }} GlslProgram */

/** The GLSL pair of a program. @param {Map<string, string>} texts @param {string} program
 * @param {boolean} clipControl false: the vertex stage turns WebGPU's clip space into OpenGL's, upside down
 * @param {Record<string, number>} [values] of overrides @param {boolean} [isPosed] @returns {GlslProgram} */
export function glslProgram(texts, program, clipControl, values = {}, isPosed = false) {
  const { vertex, fragment } = glslFiles(program, isPosed);
  const all = { ...values, CLIP_CONTROL: Number(clipControl) };
  const stage = (/** @type {string} */ file) => defined(texts.get(file) ?? '', all);
  return { vertex: stage(vertex), fragment: stage(fragment) };
}
