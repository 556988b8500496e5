/** @file Meshes in the VERTEX layout and matrices for the test scene. */
const snorm = (x, scale) => Math.round(Math.max(-1, Math.min(1, x)) * scale);

function octahedral([x, y, z]) {
  const sum = Math.abs(x) + Math.abs(y) + Math.abs(z);
  let [u, v] = [x / sum, y / sum];
  if (z < 0) [u, v] = [(1 - Math.abs(v)) * (u >= 0 ? 1 : -1), (1 - Math.abs(u)) * (v >= 0 ? 1 : -1)];
  return [snorm(u, 32767), snorm(v, 32767)];
}

/** vertices: [{ position, normal, uv }] -> packed bytes. */
export function pack(vertices) {
  const view = new DataView(new ArrayBuffer(vertices.length * 32));
  vertices.forEach(({ position, normal, uv = [0, 0], color = [255, 255, 255, 255] }, i) => {
    position.forEach((x, k) => view.setFloat32(i * 32 + k * 4, x, true));
    octahedral(normal).forEach((x, k) => view.setInt16(i * 32 + 12 + k * 2, x, true));
    uv.forEach((x, k) => view.setFloat32(i * 32 + 20 + k * 4, x, true));
    color.forEach((x, k) => view.setUint8(i * 32 + 28 + k, x));
  });
  return new Uint8Array(view.buffer);
}

export function box() {
  const vertices = [];
  const indices = [];
  for (const axis of [0, 1, 2]) {
    for (const side of [-1, 1]) {
      const at = (k, a, b) => { const p = [0, 0, 0]; p[k] = side; p[(k + 1) % 3] = a; p[(k + 2) % 3] = b; return p; };
      const start = vertices.length;
      for (const [a, b] of [[-1, -1], [1, -1], [1, 1], [-1, 1]]) {
        const normal = [0, 0, 0];
        normal[axis] = side;
        vertices.push({ position: at(axis, a, b).map((x) => x / 2), normal, uv: [(a + 1) / 2, (1 - b) / 2] });
      }
      const quad = side > 0 ? [0, 1, 2, 0, 2, 3] : [0, 2, 1, 0, 3, 2];
      indices.push(...quad.map((i) => start + i));
    }
  }
  return { vertices: pack(vertices), indices: Uint16Array.from(indices) };
}

export function sphere(rings = 24, segments = 32) {
  const vertices = [];
  const indices = [];
  for (let r = 0; r <= rings; r += 1) {
    for (let s = 0; s <= segments; s += 1) {
      const [t, p] = [Math.PI * r / rings, 2 * Math.PI * s / segments];
      const n = [Math.sin(t) * Math.cos(p), Math.cos(t), -Math.sin(t) * Math.sin(p)];
      vertices.push({ position: n, normal: n, uv: [s / segments, r / rings] });
      if (r < rings && s < segments) {
        const a = r * (segments + 1) + s;
        indices.push(a, a + segments + 1, a + segments + 2, a, a + segments + 2, a + 1);
      }
    }
  }
  return { vertices: pack(vertices), indices: Uint16Array.from(indices) };
}

/** A flat grid in xz of `side` metres; rolling: hills. */
export function grid(side, cells, height = () => 0) {
  const vertices = [];
  const indices = [];
  for (let z = 0; z <= cells; z += 1) {
    for (let x = 0; x <= cells; x += 1) {
      const [px, pz] = [(x / cells - 0.5) * side, (z / cells - 0.5) * side];
      const e = 0.05;
      const n = [height(px - e, pz) - height(px + e, pz), 2 * e, height(px, pz - e) - height(px, pz + e)];
      const l = Math.hypot(...n);
      vertices.push({ position: [px, height(px, pz), pz], normal: n.map((c) => c / l), uv: [x / cells, z / cells] });
      if (x < cells && z < cells) {
        const a = z * (cells + 1) + x;
        indices.push(a, a + cells + 1, a + 1, a + 1, a + cells + 1, a + cells + 2);
      }
    }
  }
  return { vertices: pack(vertices), indices: Uint32Array.from(indices) };
}

// Column-major 4x4 matrices.
export const multiply = (a, b) => Array.from({ length: 16 }, (_, i) => (
  [0, 1, 2, 3].reduce((sum, k) => sum + a[k * 4 + (i % 4)] * b[(i >> 2) * 4 + k], 0)));

/** Infinite reversed-Z perspective. */
export function perspective(fovY, aspect, near) {
  const f = 1 / Math.tan(fovY / 2);
  return [f / aspect, 0, 0, 0, 0, f, 0, 0, 0, 0, 0, -1, 0, 0, near, 0];
}
const perspectiveInverse = (fovY, aspect, near) => {
  const f = 1 / Math.tan(fovY / 2);
  return [aspect / f, 0, 0, 0, 0, 1 / f, 0, 0, 0, 0, 0, 1 / near, 0, 0, -1, 0];
};

const normalize = (v) => v.map((x) => x / Math.hypot(...v));
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];

/** Camera at the origin that looks along `direction`: the view-projection and its inverse. */
export function camera(direction, fovY, aspect, near = 0.1) {
  const z = normalize(direction.map((x) => -x));
  const x = normalize(cross([0, 1, 0], z));
  const y = cross(z, x);
  const view = [x[0], y[0], z[0], 0, x[1], y[1], z[1], 0, x[2], y[2], z[2], 0, 0, 0, 0, 1];
  const inverse = [...x, 0, ...y, 0, ...z, 0, 0, 0, 0, 1];
  return {
    matrix: multiply(perspective(fovY, aspect, near), view),
    inverse: multiply(inverse, perspectiveInverse(fovY, aspect, near)),
  };
}

/** Camera-relative world -> (u, v, reversed depth) of a box of `radius` around `center`. */
export function shadowMatrix(sun, center, radius) {
  const z = normalize(sun);
  const x = normalize(cross([0, 1, 0], z));
  const y = cross(z, x);
  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const rows = [
    [...x.map((c) => c / (2 * radius)), 0.5 - dot(x, center) / (2 * radius)],
    [...y.map((c) => -c / (2 * radius)), 0.5 + dot(y, center) / (2 * radius)],
    [...z.map((c) => c / (4 * radius)), 0.5 - dot(z, center) / (4 * radius)],
    [0, 0, 0, 1],
  ];
  return Array.from({ length: 16 }, (_, i) => rows[i % 4][i >> 2]);
}
