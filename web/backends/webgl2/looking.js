// @ts-check
/** @file Copies any target into a small image of floats in the midst of a frame, and reads it. Loaded when somebody looks. */
import { loadLook } from '../../shaders/loader.js';

/** @typedef {{ texture: WebGLTexture, framebuffer: WebGLFramebuffer, width: number, height: number }} Copy */

/** @param {WebGL2RenderingContext} gl @param {import('./state.js').GlState} state @param {WebGLVertexArrayObject} emptyArray
 * @param {WebGLSampler} plain reads depth as it is
 * @returns {Promise<import('../common/looking.js').Looker>} */
export async function makeLooker(gl, state, emptyArray, plain) {
  const program = linked(gl, await loadLook('webgl2', state.clip !== null));
  gl.useProgram(program);
  gl.uniform1i(gl.getUniformLocation(program, 'seen'), 0);
  /** @type {import('../common/looking.js').Looker} */
  const looker = {
    copy({ texture: from }, width, height) {
      const texture = gl.createTexture(), framebuffer = gl.createFramebuffer();
      gl.activeTexture(gl.TEXTURE0);
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA32F, width, height);
      gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
      gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
      state.fullscreen(program);
      gl.viewport(0, 0, width, height);
      gl.bindTexture(gl.TEXTURE_2D, from);
      gl.bindSampler(0, plain);
      gl.bindVertexArray(emptyArray);
      gl.drawArrays(gl.TRIANGLES, 0, 3);
      gl.bindVertexArray(null);
      gl.bindSampler(0, null);
      return { texture, framebuffer, width, height };
    },
    async read(/** @type {Copy} */ copy) {
      const { framebuffer, width, height } = copy;
      const data = new Float32Array(4 * width * height);
      gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
      gl.readPixels(0, 0, width, height, gl.RGBA, gl.FLOAT, data);
      gl.bindFramebuffer(gl.FRAMEBUFFER, null);
      looker.drop(copy);
      return data;
    },
    drop({ texture, framebuffer }) {
      gl.deleteTexture(texture);
      gl.deleteFramebuffer(framebuffer);
    },
  };
  return looker;
}

/** @param {WebGL2RenderingContext} gl @param {import('../../shaders/loader.js').GlslProgram} texts @returns {WebGLProgram} */
function linked(gl, { vertex, fragment }) {
  const program = gl.createProgram();
  for (const [type, text] of /** @type {[number, string][]} */ ([[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]])) {
    const shader = /** @type {WebGLShader} */ (gl.createShader(type));
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) throw new Error(`The shader that shows targets was refused: ${gl.getProgramInfoLog(program)}`);
  return program;
}
