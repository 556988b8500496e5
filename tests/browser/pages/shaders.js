/** @file Compiles and draws single shaders on both APIs; the tests call `window.shaders`. */
import { MATERIAL_BLOCK } from '../../../web/gen/layouts.js';
import { glslProgram, loadGlsl, overrides } from '../../../web/shaders/loader.js';
import { MATERIAL_KINDS } from '../../../web/gen/layouts.js';
import { PASSES } from '../../../web/gen/passes.js';
import { PROGRAMS, glslPrograms, pieceFile } from '../../../web/shaders/programs.js';
import { joinPieces, translate } from '../../../web/shaders/translate/translate.js';
import { randomShader } from './random_shaders.js';
import { MODULE, SNIPPETS, moduleOf } from './snippets.js';

const SIDE = 32;
const SHADERS = new URL('../../../web/shaders/', import.meta.url);
const gl = new OffscreenCanvas(SIDE, SIDE).getContext('webgl2');
gl.getExtension('EXT_color_buffer_float');

/** @param {{ vertex: string, fragment: string }} sources @returns {{ program: WebGLProgram, problem: string }} */
function build(sources) {
  const program = gl.createProgram();
  let problem = '';
  for (const [type, text] of [[gl.VERTEX_SHADER, sources.vertex], [gl.FRAGMENT_SHADER, sources.fragment]]) {
    const shader = gl.createShader(type);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) problem += gl.getShaderInfoLog(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!problem && !gl.getProgramParameter(program, gl.LINK_STATUS)) problem = gl.getProgramInfoLog(program);
  return { program, problem };
}

/** A vertex stage that covers the target and gives every varying of a fragment stage something smooth. */
function covering(fragment) {
  const ins = [...fragment.matchAll(/^(flat )?(?:smooth )?in (\w+) (\w+);/gm)].map(([, flat = '', type, name]) => ({ flat, type, name }));
  const outs = ins.map(({ flat, type, name }) => `${flat}out ${type} ${name};\n`).join('');
  const values = { uint: '7u', float: '0.7', vec2: 'p', vec3: 'vec3(p, 0.4)', vec4: 'vec4(p, 0.4, 0.8)' };
  return `#version 300 es\n${outs}void main() {
  vec2 p = vec2(float((gl_VertexID << 1) & 2), float(gl_VertexID & 2)) * 2.0 - 1.0;
${ins.map(({ type, name }) => `  ${name} = ${values[type]};\n`).join('')}  gl_Position = vec4(p, 0.0, 1.0);\n}\n`;
}

/** Numbers from 0.2 to 0.8 that no two members share. */
const blockBytes = (sizeBytes) => Float32Array.from({ length: sizeBytes / 4 }, (_, i) => 0.2 + 0.6 * ((i * 0.618034) % 1));

function fillBlocks(program) {
  const count = gl.getProgramParameter(program, gl.ACTIVE_UNIFORM_BLOCKS);
  for (let index = 0; index < count; index += 1) {
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.UNIFORM_BUFFER, buffer);
    const block = blockBytes(gl.getActiveUniformBlockParameter(program, index, gl.UNIFORM_BLOCK_DATA_SIZE));
    const isMaterial = gl.getActiveUniformBlockName(program, index).startsWith('Material');
    if (isMaterial) new Uint32Array(block.buffer)[MATERIAL_BLOCK.bound.offsetBytes / 4] = 0xfff; // every texture is bound
    gl.bufferData(gl.UNIFORM_BUFFER, block, gl.STATIC_DRAW);
    gl.bindBufferBase(gl.UNIFORM_BUFFER, index, buffer);
    gl.uniformBlockBinding(program, index, index);
  }
}

/** One picture for every texture, one depth for every shadow map. */
function bindTextures(program) {
  const count = gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS);
  for (let index = 0, unit = 0; index < count; index += 1) {
    const { name, type } = gl.getActiveUniform(program, index);
    const isShadow = type === gl.SAMPLER_2D_SHADOW;
    const isWords = type === gl.UNSIGNED_INT_SAMPLER_2D;
    if (!isShadow && !isWords && type !== gl.SAMPLER_2D) continue;
    gl.uniform1i(gl.getUniformLocation(program, name), unit);
    gl.activeTexture(gl.TEXTURE0 + unit);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    const texels = Uint8Array.from({ length: 256 }, (_, i) => 60 + ((i * 37) % 160));
    if (isShadow) {
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.DEPTH_COMPONENT32F, 8, 8, 0, gl.DEPTH_COMPONENT, gl.FLOAT,
        Float32Array.from({ length: 64 }, (_, i) => (i % 7) / 7));
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_COMPARE_MODE, gl.COMPARE_REF_TO_TEXTURE);
    } else if (isWords) {
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA32UI, 8, 8, 0, gl.RGBA_INTEGER, gl.UNSIGNED_INT, new Uint32Array(256));
    } else gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, 8, 8, 0, gl.RGBA, gl.UNSIGNED_BYTE, texels);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    unit += 1;
  }
}

/** Numbers of any size and sign as 0 to 255. */
const squeezed = (value) => Math.round(127 + 127 * value / (1 + Math.abs(value)));

/** @returns {number[]} SIDE * SIDE RGBA, 0 to 255; with isHdr squeezed from floats */
function drawGl(program, isHdr = false) {
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  const target = gl.createTexture();
  gl.activeTexture(gl.TEXTURE15);
  gl.bindTexture(gl.TEXTURE_2D, target);
  gl.texStorage2D(gl.TEXTURE_2D, 1, isHdr ? gl.RGBA32F : gl.RGBA8, SIDE, SIDE);
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, target, 0);
  gl.viewport(0, 0, SIDE, SIDE);
  gl.useProgram(program);
  fillBlocks(program);
  bindTextures(program);
  gl.drawArrays(gl.TRIANGLES, 0, 3);
  const pixels = isHdr ? new Float32Array(SIDE * SIDE * 4) : new Uint8Array(SIDE * SIDE * 4);
  gl.readPixels(0, 0, SIDE, SIDE, gl.RGBA, isHdr ? gl.FLOAT : gl.UNSIGNED_BYTE, pixels);
  return isHdr ? Array.from(pixels, squeezed) : [...pixels];
}

let device = null;
/** @param {string} code with vertex_main and fragment_main @returns {Promise<number[]>} SIDE * SIDE RGBA */
async function drawWebgpu(code) {
  device ??= await (await navigator.gpu.requestAdapter()).requestDevice();
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ code });
  const problems = (await module.getCompilationInfo()).messages.filter(({ type }) => type === 'error');
  if (problems.length > 0) throw new Error(problems.map(({ lineNum, message }) => `${lineNum}: ${message}`).join('\n'));
  const format = 'rgba8unorm';
  const pipeline = device.createRenderPipeline({ layout: 'auto', vertex: { module }, fragment: { module, targets: [{ format }] } });
  const target = device.createTexture({ size: [SIDE, SIDE], format, usage: 0x11 });
  const bytesPerRow = 256;
  const buffer = device.createBuffer({ size: bytesPerRow * SIDE, usage: 0x9 });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginRenderPass({ colorAttachments: [{ view: target.createView(), loadOp: 'clear', storeOp: 'store' }] });
  pass.setPipeline(pipeline);
  pass.draw(3);
  pass.end();
  encoder.copyTextureToBuffer({ texture: target }, { buffer, bytesPerRow }, [SIDE, SIDE]);
  device.queue.submit([encoder.finish()]);
  const error = await device.popErrorScope();
  if (error) throw new Error(error.message);
  await buffer.mapAsync(1);
  const bytes = new Uint8Array(buffer.getMappedRange());
  return Array.from({ length: SIDE }, (_, y) => [...bytes.subarray(y * bytesPerRow, y * bytesPerRow + SIDE * 4)]).flat();
}

const DRAWS = PASSES.filter(({ kind }) => kind === 'draws'); // shadow, opaque, blend

const readPieces = (names, api = 'webgl2') => Promise.all(names.map(async (name) => {
  const file = pieceFile(name, api);
  return { name: file, text: await (await fetch(new URL(file, SHADERS))).text() };
}));

window.shaders = {
  programs: () => glslPrograms(),
  snippets: () => SNIPPETS.map(([name]) => name),

  /** What WebGL2 says to each variant of a generated program; '' where all is well. */
  async problems(name) {
    const texts = await loadGlsl();
    const found = [];
    for (let variant = 0; variant < 32; variant += 1) {
      const values = overrides(Math.max(0, MATERIAL_KINDS.indexOf(name)), variant << 1 & 30, DRAWS[(variant & 16) !== 0 ? 0 : 1]);
      const { problem } = build(glslProgram(texts, name, (variant & 1) !== 0, values));
      if (problem) found.push(problem);
    }
    return found;
  },

  /** The WGSL that the generated GLSL of a program comes from. */
  async wgsl(name) { return joinPieces(await readPieces(PROGRAMS[name])); },

  /** The fragment stage of a program, translated here. */
  async translated(name) { return translate(await readPieces(PROGRAMS[name]), 'fragment').glsl; },

  /** Pixels of a fragment stage in GLSL. */
  drawFragment(fragment, isHdr = false) {
    const { program, problem } = build({ vertex: covering(fragment), fragment });
    if (problem) throw new Error(problem);
    return drawGl(program, isHdr);
  },

  /** Pixels of a snippet on both APIs. */
  drawSnippet: (name) => window.shaders.drawModule(`${MODULE}\n${moduleOf(name)}`),

  /** Pixels of a random program on both APIs. */
  drawRandom: (seed) => window.shaders.drawModule(`${MODULE}\n${randomShader(seed)}`),

  /** Pixels of any module on both APIs. */
  async drawModule(text) {
    const pieces = [{ name: 'module', text }];
    const { program, problem } = build({
      vertex: translate(pieces, 'vertex').glsl, fragment: translate(pieces, 'fragment').glsl,
    });
    if (problem) throw new Error(`${problem}\n${translate(pieces, 'fragment').glsl}`);
    return { webgl2: drawGl(program), webgpu: await drawWebgpu(joinPieces(pieces)) };
  },

  /** What both APIs say to a kind of material that does not exist: its textures, and `fn surface`; '' where all is well.
   * Nothing beyond the limits that each API promises is asked for. */
  async problemsOfKind(slots, surface) {
    const replaced = { 'gen/slots_layered': slots, layered: surface };
    const pieces = async (api) => (await readPieces(PROGRAMS.layered, api)).map(
      ({ name, text }) => ({ name, text: replaced[name.replace('.wgsl', '')] ?? text }));
    const found = [];
    const fragment = translate(await pieces('webgl2'), 'fragment').glsl;
    const { program, problem } = build({ vertex: covering(fragment), fragment });
    if (problem) found.push(problem);
    const samplers = Array.from({ length: gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS) }, (_, index) => (
      gl.getActiveUniform(program, index))).filter(({ type }) => (
      [gl.SAMPLER_2D, gl.SAMPLER_2D_SHADOW, gl.UNSIGNED_INT_SAMPLER_2D].includes(type)));
    device ??= await (await navigator.gpu.requestAdapter()).requestDevice();
    device.pushErrorScope('validation');
    const module = device.createShaderModule({ code: joinPieces(await pieces('webgpu')) });
    const blocks = [0, 1].map((location) => ({
      arrayStride: location ? 4 : 40, stepMode: location ? 'instance' : 'vertex', attributes: location
        ? [{ shaderLocation: 15, offset: 0, format: 'uint32' }]
        : [['float32x3', 0], ['snorm16x2', 12], ['snorm8x4', 16], ['float32x2', 20], ['unorm8x4', 28], ['float32x2', 32]].map(
          ([format, offset], index) => ({ shaderLocation: index === 5 ? 6 : index, offset, format })),
    }));
    device.createRenderPipeline({
      layout: 'auto', vertex: { module, buffers: blocks }, fragment: { module, targets: [{ format: 'rgba8unorm' }] },
    });
    const error = await device.popErrorScope();
    if (error) found.push(error.message);
    return { problems: found, samplers: samplers.length };
  },

  /** The whole WGSL of a snippet. */
  snippet: (name) => `${MODULE}\n${moduleOf(name)}`,
};
window.shadersReady = true;
