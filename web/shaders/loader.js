// @ts-check
/** @file Fetches the shader chunks and joins them into programs; both languages have the same chunks.
 *
 * Owns: which chunks make which program, and the constants that select a variant. Does not compile anything.
 */
import {
  MATERIAL_BLEND, MATERIAL_DOUBLE_SIDED, MATERIAL_KINDS, MATERIAL_MASK, MATERIAL_WIND,
} from '../gen/layouts.js';

/** Material flags that make another pipeline. */
export const PIPELINE_FLAGS = MATERIAL_DOUBLE_SIDED | MATERIAL_BLEND | MATERIAL_MASK | MATERIAL_WIND;
const LIT = ['noise', 'tonemap', 'sky', 'lighting'];

/** Chunks of a program's fragment stage (WGSL: of the whole module), after `frame`. */
export const PROGRAMS = Object.freeze({
  pbr: [...LIT, 'pbr'],
  unlit: ['tonemap', 'sky', 'unlit'],
  terrain: [...LIT, 'terrain'],
  water: [...LIT, 'water'],
  depth: ['depth'],
  skypass: [...LIT, 'skypass'],
});
const COMMON = ['frame', 'vertex', 'downsample'];
const GLSL_ONLY = ['varyings', 'fullscreen', 'present'];

/** Every chunk of a language. @param {'wgsl' | 'glsl'} language @returns {string[]} */
export function chunkNames(language) {
  const names = new Set([...COMMON, ...(language === 'glsl' ? GLSL_ONLY : [])]);
  for (const chunks of Object.values(PROGRAMS)) for (const chunk of chunks) names.add(chunk);
  return [...names];
}

/** Fetches all chunks of a language. @param {'wgsl' | 'glsl'} language
 * @returns {Promise<Map<string, string>>} text by chunk name */
export async function loadChunks(language) {
  const entries = await Promise.all(chunkNames(language).map(async (name) => {
    const url = new URL(`./${name}.${language}`, import.meta.url);
    const response = await fetch(url);
    if (!response.ok) throw new Error(`The shader ${url.pathname} could not be loaded: HTTP ${response.status}.`);
    return /** @type {[string, string]} */ ([name, await response.text()]);
  }));
  return new Map(entries);
}

/** @param {number} flags @param {boolean} shadow @returns {[string, boolean][]} */
const constants = (flags, shadow) => [
  ['MASK', (flags & MATERIAL_MASK) !== 0],
  ['BLEND', (flags & MATERIAL_BLEND) !== 0],
  ['WIND', (flags & MATERIAL_WIND) !== 0],
  ['SHADOW_PASS', shadow],
];

/** @param {Map<string, string>} chunks @param {string[]} names */
const join = (chunks, names) => names.map((name) => chunks.get(name)).join('\n');

/** The WGSL module of a mesh program. @param {Map<string, string>} chunks @param {number} kind @param {number} flags
 * @param {boolean} shadow @returns {string} */
export function meshWgsl(chunks, kind, flags, shadow) {
  const name = /** @type {keyof typeof PROGRAMS} */ (shadow ? 'depth' : MATERIAL_KINDS[kind]);
  const head = constants(flags, shadow).map(([key, value]) => `const ${key} = ${value};\n`).join('');
  return head + join(chunks, ['frame', 'vertex', ...PROGRAMS[name]]);
}

/** The WGSL module of the sky. @param {Map<string, string>} chunks @returns {string} */
export const skyWgsl = (chunks) => join(chunks, ['frame', ...PROGRAMS.skypass]);

const GLSL_HEAD = '#version 300 es\nprecision highp float;\nprecision highp int;\nprecision highp sampler2D;\n'
  + 'precision highp sampler2DShadow;\n';
/** Clip space is WebGPU's; without EXT_clip_control the vertex shader turns it into OpenGL's, upside down. */
const GLSL_CLIP = 'vec4 to_gl_clip(vec4 p) { return CLIP_CONTROL ? p : vec4(p.x, -p.y, 2.0 * p.z - p.w, p.w); }\n';

/** @param {number} flags @param {boolean} shadow @param {boolean} clipControl @returns {string} */
function glslHead(flags, shadow, clipControl) {
  const lines = [...constants(flags, shadow), ['CLIP_CONTROL', clipControl]];
  return GLSL_HEAD + lines.map(([key, value]) => `const bool ${key} = ${value};\n`).join('')
    + GLSL_CLIP;
}

/** @typedef {{ vertex: string, fragment: string }} GlslProgram */

/** The GLSL pair of a mesh program. @param {Map<string, string>} chunks @param {number} kind @param {number} flags
 * @param {boolean} shadow @param {boolean} clipControl @returns {GlslProgram} */
export function meshGlsl(chunks, kind, flags, shadow, clipControl) {
  const name = /** @type {keyof typeof PROGRAMS} */ (shadow ? 'depth' : MATERIAL_KINDS[kind]);
  const head = glslHead(flags, shadow, clipControl);
  return {
    vertex: head + join(chunks, ['frame', 'vertex']),
    fragment: head + join(chunks, ['frame', 'varyings', ...PROGRAMS[name]]),
  };
}

/** A GLSL pair that covers its target. @param {Map<string, string>} chunks
 * @param {'skypass' | 'downsample' | 'present'} name @param {boolean} clipControl @returns {GlslProgram} */
export function fullscreenGlsl(chunks, name, clipControl) {
  const head = glslHead(0, false, clipControl);
  const body = name === 'skypass' ? ['frame', ...PROGRAMS.skypass] : [name];
  return { vertex: head + join(chunks, ['fullscreen']), fragment: head + join(chunks, body) };
}
