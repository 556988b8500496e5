/** Hand-written WebGL2: one draw a box (`loop`), or one instanced draw of all (`batched`). */
import { HEIGHT, WIDTH, boxGeometry, composeAll, viewProjection } from './scene.js';

const LOOP = `#version 300 es
uniform mat4 viewProjection, model; uniform vec3 color;
layout(location = 0) in vec3 position; layout(location = 1) in vec3 normal; out vec3 lit;
void main() { gl_Position = viewProjection * model * vec4(position, 1.0);
  lit = color * (0.3 + 0.7 * max(dot(normalize(mat3(model) * normal), vec3(0.5, 0.7, 0.5)), 0.0)); }`;
const BATCHED = `#version 300 es
uniform mat4 viewProjection;
layout(location = 0) in vec3 position; layout(location = 1) in vec3 normal;
layout(location = 2) in mat4 model; layout(location = 6) in vec3 color; out vec3 lit;
void main() { gl_Position = viewProjection * model * vec4(position, 1.0);
  lit = color * (0.3 + 0.7 * max(dot(normalize(mat3(model) * normal), vec3(0.5, 0.7, 0.5)), 0.0)); }`;
const FRAGMENT = `#version 300 es
precision highp float; in vec3 lit; out vec4 result; void main() { result = vec4(lit, 1.0); }`;
const PARTS = 8;

export function create(canvas, scene, batched) {
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const gl = canvas.getContext('webgl2', { antialias: true });
  const program = gl.createProgram();
  for (const [type, source] of [[gl.VERTEX_SHADER, batched ? BATCHED : LOOP], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(type);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
  gl.useProgram(program);
  const { vertices, indices } = boxGeometry();
  gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ARRAY_BUFFER, vertices, gl.STATIC_DRAW);
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, indices, gl.STATIC_DRAW);
  for (const k of [0, 1]) {
    gl.enableVertexAttribArray(k);
    gl.vertexAttribPointer(k, 3, gl.FLOAT, false, 24, k * 12);
  }
  gl.uniformMatrix4fv(gl.getUniformLocation(program, 'viewProjection'), false, viewProjection(scene, false));
  gl.enable(gl.DEPTH_TEST);
  gl.enable(gl.CULL_FACE);
  const models = new Float32Array(scene.count * 16);
  const clear = () => gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
  const destroy = () => gl.getExtension('WEBGL_lose_context')?.loseContext();
  if (!batched) {
    const model = gl.getUniformLocation(program, 'model');
    const color = gl.getUniformLocation(program, 'color');
    const { count, color: colors } = scene;
    // In parts: 10,000 draws do not fit the browser's command buffer, and waiting for room is no encoding time.
    const draw = (first, end) => {
      for (let i = first; i < end; i += 1) {
        gl.uniformMatrix4fv(model, false, models, i * 16, 16);
        gl.uniform3f(color, colors[i * 3], colors[i * 3 + 1], colors[i * 3 + 2]);
        gl.drawElements(gl.TRIANGLES, 36, gl.UNSIGNED_SHORT, 0);
      }
    };
    const parts = Array.from({ length: PARTS }, (_, k) => (time) => {
      if (k === 0) {
        composeAll(scene, time, models);
        clear();
      }
      draw(Math.floor((count * k) / PARTS), Math.floor((count * (k + 1)) / PARTS));
    });
    return { parts, destroy };
  }
  const matrixBuffer = gl.createBuffer();
  gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ARRAY_BUFFER, scene.color, gl.STATIC_DRAW);
  gl.enableVertexAttribArray(6);
  gl.vertexAttribPointer(6, 3, gl.FLOAT, false, 12, 0);
  gl.vertexAttribDivisor(6, 1);
  gl.bindBuffer(gl.ARRAY_BUFFER, matrixBuffer);
  gl.bufferData(gl.ARRAY_BUFFER, models.byteLength, gl.DYNAMIC_DRAW);
  for (let k = 0; k < 4; k += 1) {
    gl.enableVertexAttribArray(2 + k);
    gl.vertexAttribPointer(2 + k, 4, gl.FLOAT, false, 64, k * 16);
    gl.vertexAttribDivisor(2 + k, 1);
  }
  const frame = (time) => {
    composeAll(scene, time, models);
    gl.bufferSubData(gl.ARRAY_BUFFER, 0, models);
    clear();
    gl.drawElementsInstanced(gl.TRIANGLES, 36, gl.UNSIGNED_SHORT, 0, scene.count);
  };
  return { frame, destroy };
}
