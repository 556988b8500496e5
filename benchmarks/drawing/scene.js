/** The scene that every contender draws: the same boxes, motion and camera as boxes.py. */

const size = (new URLSearchParams(location.search).get('size') ?? '1080x720').split('x').map(Number);
export const WIDTH = size[0];
export const HEIGHT = size[1];

/** Deterministic numbers in [0, 1). @param {number} seed */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

/** @param {number} count */
export function makeScene(count) {
  const next = random(1);
  const side = Math.ceil(Math.cbrt(count) - 1e-9);
  const home = new Float32Array(count * 3);
  const scale = new Float32Array(count * 3);
  const color = new Float32Array(count * 3);
  const phase = new Float32Array(count);
  for (let i = 0; i < count; i += 1) {
    const cell = [Math.floor(i / (side * side)), Math.floor(i / side) % side, i % side];
    for (let axis = 0; axis < 3; axis += 1) {
      home[i * 3 + axis] = (cell[axis] - (side - 1) / 2) * 2.2;
      scale[i * 3 + axis] = 0.4 + 0.6 * next();
      color[i * 3 + axis] = 0.2 + 0.8 * next();
    }
    phase[i] = next() * Math.PI * 2;
  }
  const eye = count > 20000 ? [0, 40, 130] : [0, 18, 62];
  return { count, home, scale, color, phase, eye };
}

/** Composes all matrices (column-major) at a time: what a careful hand-written loop does each frame. */
export function composeAll(scene, time, out) {
  const { count, home, scale, phase } = scene;
  for (let i = 0; i < count; i += 1) {
    const angle = phase[i] + time;
    const c = Math.cos(angle);
    const s = Math.sin(angle);
    const k = i * 16;
    const h = i * 3;
    out[k] = c * scale[h];
    out[k + 2] = -s * scale[h];
    out[k + 5] = scale[h + 1];
    out[k + 8] = s * scale[h + 2];
    out[k + 10] = c * scale[h + 2];
    out[k + 12] = home[h];
    out[k + 13] = home[h + 1] + s;
    out[k + 14] = home[h + 2];
    out[k + 15] = 1;
  }
}

/** Column-major view-projection of the scene's camera; `depthZeroToOne` for WebGPU. */
export function viewProjection(scene, depthZeroToOne) {
  const [x, y, z] = scene.eye;
  const length = Math.hypot(x, y, z);
  const f = [-x / length, -y / length, -z / length];
  const r = normalize([-f[2], 0, f[0]]);
  const u = [r[1] * f[2] - r[2] * f[1], r[2] * f[0] - r[0] * f[2], r[0] * f[1] - r[1] * f[0]];
  const view = [r[0], u[0], -f[0], 0, r[1], u[1], -f[1], 0, r[2], u[2], -f[2], 0, -dot(r, scene.eye), -dot(u, scene.eye), dot(f, scene.eye), 1];
  const t = 1 / Math.tan(Math.PI / 6);
  const near = 0.1;
  const far = 1000;
  const p = new Array(16).fill(0);
  p[0] = t / (WIDTH / HEIGHT);
  p[5] = t;
  p[10] = depthZeroToOne ? far / (near - far) : (far + near) / (near - far);
  p[11] = -1;
  p[14] = depthZeroToOne ? (near * far) / (near - far) : (2 * far * near) / (near - far);
  const out = new Float32Array(16);
  for (let c = 0; c < 4; c += 1) for (let row = 0; row < 4; row += 1) for (let k = 0; k < 4; k += 1) out[c * 4 + row] += p[k * 4 + row] * view[c * 4 + k];
  return out;
}

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const normalize = (a) => a.map((v) => v / Math.hypot(...a));

/** Interleaved position and normal of a unit box, and its indices. */
export function boxGeometry() {
  const vertices = [];
  const indices = [];
  for (let axis = 0; axis < 3; axis += 1) {
    for (const sign of [1, -1]) {
      const n = [0, 0, 0];
      n[axis] = sign;
      const u = [0, 0, 0];
      const v = [0, 0, 0];
      u[(axis + 1) % 3] = sign;
      v[(axis + 2) % 3] = 1;
      const base = vertices.length / 6;
      for (const [a, b] of [[-1, -1], [1, -1], [1, 1], [-1, 1]]) vertices.push(...[0, 1, 2].map((k) => (n[k] + a * u[k] + b * v[k]) / 2), ...n);
      indices.push(base, base + 1, base + 2, base, base + 2, base + 3);
    }
  }
  return { vertices: new Float32Array(vertices), indices: new Uint16Array(indices) };
}
