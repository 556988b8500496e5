// @ts-check
/** @file Which pieces of WGSL make which program, and what WebGL2's generated stages are called.
 *
 * Read by the page (loader.js) and at build time (tools/shaders.mjs). A piece `name` is the file name.wgsl. Where the APIs
 * differ, a piece has a second body, name.webgl2.wgsl: the same functions, written for what WebGL2 has.
 */

/** Pieces with a second body for WebGL2. */
const TWO_BODIES = new Set(['rows']);
const FRAME = ['gen/blocks', 'gen/targets', 'gen/air', 'frame', 'octahedral'];
/** The sky, as everything sees it. */
const SKY = ['air_places', 'air_lookup', 'cloud_field', 'sky'];
const PLACED = [...FRAME, 'rows', 'place'];
const MESH = [...PLACED, 'vertex', 'vertex_main'];
/** What a program of MESH has more where joints and morphs move its vertices; its vertex stage is `vertex_posed` then. */
const POSED = ['posed', 'posed_main'];
/** Points and lines, with a vertex stage of their own. */
const ELEMENT = [...PLACED, 'radiance', ...SKY, 'tonemap', 'marks'];
const LIT = ['noise', 'radiance', ...SKY, 'layers', 'screen_light', 'shadows', 'probes', 'lighting', 'wetness', 'lights'];
const SCREEN = [...FRAME, 'fullscreen'];
/** The tables of the air. */
const TABLE = [...SCREEN, 'atmosphere'];
/** The textures of pbr, and of whatever has the same. */
const SURFACE = 'gen/slots_pbr';

/** The pieces of each program, in order. Those that begin with MESH draw meshes, those with `fullscreen` cover a target.
 * @type {Readonly<Record<string, readonly string[]>>} */
export const PROGRAMS = Object.freeze({
  pbr: [...MESH, ...LIT, SURFACE, 'surface', 'pbr', 'surface_main'],
  layered: [...MESH, ...LIT, 'gen/slots_layered', 'surface', 'layered', 'surface_main'],
  glass: [...MESH, ...LIT, 'gen/slots_layered', 'surface', 'layered', 'glass', 'glass_main'],
  unlit: [...MESH, 'radiance', ...SKY, SURFACE, 'base_uv', 'unlit'],
  terrain: [...MESH, ...LIT, SURFACE, 'terrain'],
  water: [...MESH, ...LIT, 'mirrored', 'mirrored_clouds', 'water'],
  discs: [...ELEMENT, 'discs'],
  strokes: [...ELEMENT, 'strokes'],
  splats: [...ELEMENT, 'srgb', 'splats'],
  glyphs: [...ELEMENT, 'gen/slots_particles', 'curves', 'glyphs'],
  ui: [...PLACED, 'radiance', 'gen/slots_particles', 'curves', 'ui'],
  decal: [...PLACED, ...LIT, SURFACE, 'surface', 'resolved_place', 'decal'],
  particles: [...PLACED, ...LIT, 'gen/slots_particles', 'resolved_place', 'particle_numbers', 'particles'],
  step: [...PLACED, 'radiance', 'noise', 'resolved_place', 'particle_numbers', 'particle_units', 'step'],
  settle: [...PLACED, 'radiance', 'particle_units', 'settle'],
  depth: [...MESH, SURFACE, 'base_uv', 'depth'],
  mirror: [...MESH, 'radiance', 'screen_space', 'trace', 'mirror'],
  skypass: [...FRAME, ...LIT, 'fullscreen', 'atmosphere', 'panorama', 'air_light', 'air_walk', 'skypass'],
  cloud_slab: [...FRAME, ...LIT, 'fullscreen', 'atmosphere', 'air_light', 'cloud_slab'],
  smooth_clouds: [...SCREEN, 'smooth_clouds'],
  air_sunlight: [...TABLE, 'air_sunlight'],
  air_bounces: [...TABLE, 'air_light', 'air_bounces'],
  air_view: [...TABLE, 'air_light', 'air_walk', 'air_places', 'air_view'],
  air_depths: [...TABLE, 'air_light', 'air_walk', 'air_places', 'air_depths'],
  air_clouds: [...SCREEN, 'noise', 'air_clouds'],
  air_mirror: [...TABLE, 'panorama', 'air_places', 'air_lookup', 'mirror_levels', 'air_mirror'],
  probe_face: [...SCREEN, 'probe_face'],
  probe_light: [...SCREEN, 'probe_sides', 'probe_light'],
  probe_mirror: [...SCREEN, 'probe_sides', 'air_places', 'air_lookup', 'mirror_levels', 'probe_mirror'],
  wet: [...FRAME, ...LIT, 'fullscreen', 'resolved_place', 'screen_space', 'trace', 'wet'],
  pools: [...FRAME, ...LIT, 'fullscreen', 'resolved_place', 'pools'],
  occlude: [...SCREEN, 'screen_space', 'occlude'],
  denoise: [...SCREEN, 'screen_space', 'screen_pack', 'denoise'],
  beams: [...SCREEN, ...SKY, 'screen_space', 'shadows', 'fog_light', 'beams'],
  smooth_beams: [...SCREEN, 'smooth_beams'],
  shafts: [...FRAME, 'radiance', 'fullscreen', ...SKY, 'screen_space', 'fog_light', 'shafts'],
  decode: [...FRAME, 'radiance', 'fullscreen', 'decode'],
  compose: [...FRAME, 'radiance', 'fullscreen', 'compose'],
  splats_over: [...SCREEN, 'tonemap', 'srgb', 'splats_over'],
  splats_sort: ['gen/blocks', 'splats_sort'],
  background: [...FRAME, 'radiance', 'fullscreen', 'screen_space', 'background'],
  eye_dome: [...SCREEN, 'screen_space', 'eye_dome'],
  temporal: [...SCREEN, 'temporal'],
  copy: [...SCREEN, 'copy'],
  sharpen: [...SCREEN, 'sharpen'],
  stretch: [...SCREEN, 'stretch'],
  flare: [...SCREEN, 'sun_place', 'flare'],
  focus: [...SCREEN, 'screen_space', 'focus'],
  near_tiles: [...SCREEN, 'near_tiles'],
  bokeh: [...SCREEN, 'bokeh'],
  focused: [...SCREEN, 'screen_space', 'focused'],
  motion: [...SCREEN, 'motion'],
  bloom_down: [...SCREEN, 'bloom_down'],
  bloom_up: [...SCREEN, 'bloom_up'],
  luminance: [...SCREEN, 'luminance'],
  exposure: [...SCREEN, 'exposure'],
  tone: [...SCREEN, 'tonemap', 'sun_place', 'lens', 'srgb', 'tone'],
  depth_resolve: ['fullscreen', 'depth_resolve'],
  tile_clear: ['fullscreen'],
  downsample: ['fullscreen', 'downsample'],
  present: ['fullscreen', 'present'],
});
/** The pieces around a program's own shader: `before` it and `after` it, by whether it moves vertices. Both fragment stages
 * (of what is seen and of shadows) are in it. */
export const aroundShader = (/** @type {boolean} */ displaces) => ({
  before: [...PLACED, 'vertex', ...LIT, SURFACE, 'surface'],
  after: [displaces ? 'displace' : 'vertex_main', 'posed', displaces ? 'posed_displace' : 'posed_main', 'surface_main',
    'surface_depth'],
});

/** Programs that WebGPU has no use for: it draws into the canvas itself. */
const WEBGL2_ONLY = new Set(['present']);
/** Programs that WebGL2 has no use for: it copies and clears depth without a shader, and has no compute. */
const WEBGPU_ONLY = new Set(['depth_resolve', 'tile_clear', 'splats_sort']);

/** @typedef {'webgpu' | 'webgl2'} Api */
/** @typedef {{ file: string, pieces: readonly string[], stage: 'vertex' | 'fragment', entry?: string }} GlslStage */

/** The pieces of a program. @param {string} program @param {boolean} isPosed whether joints and morphs move its vertices
 * @returns {readonly string[]} */
export const piecesOf = (program, isPosed) => (isPosed ? [...PROGRAMS[program], ...POSED] : PROGRAMS[program]);

/** The file of a piece, in this folder. @param {string} name @param {Api} api @returns {string} */
export const pieceFile = (name, api) => `${name}${api === 'webgl2' && TWO_BODIES.has(name) ? '.webgl2' : ''}.wgsl`;

/** The pieces that WebGPU's programs need. @returns {string[]} */
export const wgslPieces = () => [...POSED, ...new Set(
  Object.entries(PROGRAMS).flatMap(([name, pieces]) => (WEBGL2_ONLY.has(name) ? [] : pieces)))];

/** Whether it draws rows with a vertex stage of its own. @param {string} program */
const hasOwnVertex = (program) => PROGRAMS[program].includes('place') && !PROGRAMS[program].includes('vertex');

/** The generated stages of a program for WebGL2, in gen/. @param {string} program @param {boolean} [isPosed]
 * @returns {{ vertex: string, fragment: string }} */
export const glslFiles = (program, isPosed = false) => ({
  vertex: isPosed ? 'posed.vert.glsl' : `${PROGRAMS[program].includes('vertex') ? 'mesh' : hasOwnVertex(program) ? program : 'fullscreen'}.vert.glsl`,
  fragment: `${program}.frag.glsl`,
});

/** The programs that WebGL2 has. @returns {string[]} */
export const glslPrograms = () => Object.keys(PROGRAMS).filter((name) => !WEBGPU_ONLY.has(name));

/** Every generated stage. @returns {GlslStage[]} */
export function glslStages() {
  const own = glslPrograms().filter(hasOwnVertex).map((name) => (
    /** @type {GlslStage} */ ({ file: glslFiles(name).vertex, pieces: PROGRAMS[name], stage: 'vertex' })));
  const fragments = glslPrograms().map((name) => (
    /** @type {GlslStage} */ ({ file: glslFiles(name).fragment, pieces: PROGRAMS[name], stage: 'fragment' })));
  return [
    { file: 'mesh.vert.glsl', pieces: MESH, stage: 'vertex' },
    { file: 'posed.vert.glsl', pieces: [...MESH, ...POSED], stage: 'vertex', entry: 'vertex_posed' },
    { file: 'fullscreen.vert.glsl', pieces: ['fullscreen'], stage: 'vertex' },
    ...own,
    ...fragments,
  ];
}
