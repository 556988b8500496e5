/** @file The test scene: terrain, a field of boxes, spheres, a textured quad, glass, water; sun, shadows, fog. */
import { FRAME_BLOCK, FRAME_BLOCK_BYTES, MATERIAL_BLOCK, MATERIAL_BLOCK_BYTES } from '../../../web/gen/layouts.js';
import { DRAW_PASSES } from '../../../web/gen/passes.js';
import { box, camera, grid, shadowMatrix, sphere } from './geometry.js';

const ATLAS = 2048;
const TILE = { x: 256, y: 0, side: 1536 }; // of it

const floats = (values) => Float32Array.from(values);

/** The FRAME_BLOCK of a camera. */
export function frameBlock(options) {
  const { eye, look, width, height, time = 1, shadow = true, fog = 0.00008 } = options;
  const block = new Float32Array(FRAME_BLOCK_BYTES / 4);
  const set = (name, values) => block.set(values, FRAME_BLOCK[name].offsetBytes / 4);
  const { matrix, inverse } = camera(look, Math.PI / 3, width / height);
  const elevation = 0.5;
  const sun = [0.55 * Math.cos(elevation), Math.sin(elevation), -0.835 * Math.cos(elevation)];
  const l = Math.hypot(...sun);
  const toSun = sun.map((x) => x / l);
  set('viewProjection', matrix);
  set('inverseViewProjection', inverse);
  set('cameraHi', [...eye, time]);
  set('cameraLo', [0, 0, 0, 0.6]);
  set('patternCamera', [...eye, 0]);
  set('sunDirection', [...toSun, Math.cos(0.0105)]);
  set('sunColor', [9, 8.4, 7.4, 1]);
  set('skyZenith', [0.16, 0.36, 0.86, 0.55]);
  set('skyHorizon', [0.75, 0.9, 1.08, 0]);
  set('skyGround', [0.22, 0.21, 0.19, 0]);
  set('fogColor', [0.62, 0.76, 0.95, fog]);
  set('fogParams', [0.0015, 0, 1, 0]);
  set('viewport', [width, height, 1 / width, 1 / height]);
  set('irradiance', [1.4, 1.6, 1.9, 0, 0.2, 0.28, 0.45, 0]);
  set('wind', [0.8, 0.6, 0.4, 0.35]);
  const center = [0 - eye[0], 0 - eye[1], 0 - eye[2]];
  set('shadowMatrices', shadowMatrix(toSun, center, 24));
  set('shadowTiles', [TILE.x / ATLAS, TILE.y / ATLAS, TILE.side / ATLAS, TILE.side / ATLAS]);
  set('shadowSteps', [48 / TILE.side, 0.0005]);
  set('viewLook', [options.bloom ?? 0, options.toneMap ?? 0, 0, 1]);
  set('viewExposure', [1 / 60, 3, 1, options.adapt ? 0 : 1]);
  set('shadowParams', [1 / ATLAS, 1 / ATLAS, shadow ? 0.9 : 0, 80]);
  return block;
}

/** A material's numbers, without transforms of its uvs. */
export function materialBlock({
  color = [1, 1, 1, 1], metallic = 0, roughness = 0.6, detail = [0, 4], wind = 0, clarity = 4,
} = {}) {
  const block = new Float32Array(MATERIAL_BLOCK_BYTES / 4);
  const values = {
    baseColor: color, emissiveStrength: [1], alphaCutoff: [0.5], metallic: [metallic], roughness: [roughness],
    normalScale: [1], occlusionStrength: [1], uvScale: [1, 1], wind: [wind], waterClarityM: [clarity],
    detailStrength: [detail[0]], detailScaleM: [detail[1]],
  };
  for (const [name, numbers] of Object.entries(values)) block.set(numbers, MATERIAL_BLOCK[name].offsetBytes / 4);
  for (let row = 0; row < MATERIAL_BLOCK.uv.words; row += 8) block.set([1, 0, 0, 0, 0, 1, 0, 0], MATERIAL_BLOCK.uv.offsetBytes / 4 + row);
  return block;
}

function checker(size) {
  const data = new Uint8Array(size * size * 4);
  for (let i = 0; i < size * size; i += 1) {
    const [x, y] = [i % size, Math.floor(i / size)];
    const on = ((x >> 3) + (y >> 3)) % 2 === 0;
    data.set(on ? [230, 60, 40, 255] : [250, 240, 220, 255], i * 4);
    if (x < 12 && y < 12) data.set([20, 20, 200, 255], i * 4); // marks the upper left
  }
  return data;
}

const hill = (x, z) => 0.5 * Math.sin(x * 0.25) * Math.cos(z * 0.21) - 0.016 * Math.max(0, z + 4) ** 2 - 0.3;

const MESHES = {
  box: box(), sphere: sphere(), ground: grid(60, 60, hill), water: grid(400, 2), quad: grid(2, 1),
};
const MATERIALS = [ // kind, flags, block, base colour texture
  [0, 0, materialBlock({ roughness: 0.55 }), 0],
  [0, 0, materialBlock({ color: [1, 0.77, 0.34, 1], metallic: 1, roughness: 0.25 }), 0],
  [2, 0, materialBlock({ color: [0.16, 0.21, 0.07, 1], roughness: 0.9, detail: [0.7, 2] }), 0],
  [3, 2, materialBlock({ color: [0.01, 0.06, 0.08, 1], roughness: 0.06 }), 0],
  [0, 1, materialBlock({ roughness: 0.7 }), 1],
  [0, 2, materialBlock({ color: [0.3, 0.6, 0.9, 0.45], roughness: 0.08 }), 0],
  [1, 0, materialBlock({ color: [1.5, 0.2, 0.5, 1] }), 0],
  [0, 8, materialBlock({ color: [0.2, 0.45, 0.1, 1], wind: 1 }), 0],
];
export const HANDLES = Object.keys(MESHES).length * 3 + MATERIALS.length + 1;

/** Creates every resource. */
export function create(stream, heap) {
  Object.values(MESHES).forEach(({ vertices, indices }, i) => {
    const [vertex, index] = [2 * i + 1, 2 * i + 2];
    const padded = new Uint8Array((indices.byteLength + 3) & ~3);
    padded.set(new Uint8Array(indices.buffer));
    stream.add('buffer_create', vertex, vertices.byteLength, 1);
    stream.add('buffer_write', vertex, 0, heap.put(vertices), vertices.byteLength);
    stream.add('buffer_create', index, padded.byteLength, 2);
    stream.add('buffer_write', index, 0, heap.put(padded), padded.byteLength);
    const bytes = indices.BYTES_PER_ELEMENT;
    stream.add('mesh_create', i + 1, vertex, 0, vertices.byteLength / 32, index, 0, indices.length, bytes, 0, 0);
  });
  stream.add('texture_create', 1, 128, 128, 8, 0, 0);
  stream.add('texture_write', 1, heap.put(checker(128)), 128 * 128 * 4);
  MATERIALS.forEach(([kind, flags, block, texture], i) => {
    const slots = heap.put(new Uint8Array(Uint32Array.of(texture).buffer));
    stream.add('material_create', i + 1, kind, flags, 0, slots, 1, heap.put(block), MATERIAL_BLOCK_BYTES);
  });
}

/** Destroys everything that `create` made. */
export function destroy(stream) {
  MATERIALS.forEach((_, i) => stream.add('material_destroy', i + 1));
  Object.keys(MESHES).forEach((_, i) => stream.add('mesh_destroy', i + 1));
  for (let i = 1; i <= 2 * Object.keys(MESHES).length; i += 1) stream.add('buffer_destroy', i);
  stream.add('texture_destroy', 1);
}

/** Every instance: [mesh, material, pass, position, rotation, scale, color, relative]. */
function instances(eye) {
  const list = [];
  const add = (mesh, material, pass, position, scale, color = 0xffffffff, rotation = [0, 0, 0, 1], relative = 0) => (
    list.push({ mesh, material, pass, position, scale, color, rotation, relative }));
  add(3, 3, 1, [0, 0, 0], [1, 1, 1]);
  for (let z = 0; z < 9; z += 1) {
    for (let x = 0; x < 9; x += 1) {
      const [px, pz] = [(x - 4) * 1.6, -2 - z * 1.7];
      const h = 0.5 + ((x * 7 + z * 13) % 5) * 0.25;
      const a = 0.15 * x + 0.1 * z;
      const color = (0xff000000 | (60 + 20 * x) | ((200 - 16 * z) << 8) | ((90 + ((x * z * 11) % 120)) << 16)) >>> 0;
      add(1, 1, 1, [px, hill(px, pz) + h / 2, pz], [0.7, h, 0.7], color, [0, Math.sin(a / 2), 0, Math.cos(a / 2)]);
    }
  }
  add(2, 2, 1, [-2.2, 0.9, 0.6], [0.8, 0.8, 0.8]);
  add(2, 1, 1, [2.4, 0.7, 0.4], [0.7, 0.7, 0.7], 0xff2040e0);
  add(5, 5, 1, [0, 0.9, 0.8], [0.8, 1, 0.8], 0xffffffff, [Math.SQRT1_2, 0, 0, Math.SQRT1_2]);
  add(1, 7, 1, [4.2 - eye[0], 0.3 - eye[1], 0.9 - eye[2]], [0.5, 0.5, 0.5], 0xffffffff, [0, 0, 0, 1], 1);
  add(1, 8, 1, [-5, 1.2, -0.5], [0.2, 2.4, 0.2]);
  add(4, 4, 2, [0, -1.0, 0], [1, 1, 1]);
  add(2, 6, 2, [0.9, 0.8, 2.2], [0.5, 0.5, 0.5]);
  return list;
}

/** One frame: rows, visible rows, draw lists of all three passes. */
export function frame(stream, heap, options) {
  const list = instances(options.eye);
  const rows = 1024;
  const columns = [new Float32Array(rows * 3), new Float32Array(rows * 4), new Float32Array(rows * 3), new Uint32Array(rows)];
  list.forEach(({ position, rotation, scale, color }, i) => {
    columns[0].set(position, i * 3);
    columns[1].set(rotation, i * 4);
    columns[2].set(scale, i * 3);
    columns[3][i] = color;
  });
  const block = frameBlock(options);
  stream.add('shadow_atlas', ATLAS, ATLAS);
  stream.add('frame_begin', options.frame ?? 1);
  stream.add('rows_capacity', rows);
  columns.forEach((column, i) => stream.add('rows_write', i, 0, rows, heap.put(column)));
  stream.add('visible_rows', heap.put(Uint32Array.from(list.keys())), list.length);
  const flags = (options.shadow === false ? 0 : 1) | (options.bloom ? 2 : 0) | (options.auto ? 4 : 0);
  stream.add('view', 0, 0, 0, 0, options.width, options.height, options.width, options.height, flags);
  stream.add('frame_block', heap.put(block), block.byteLength);
  const record = (item, i) => [item.mesh, item.material, i, 1, item.relative, 0, 0, 0];
  const pass = (test) => Uint32Array.from(list.flatMap((item, i) => (test(item) ? record(item, i) : [])));
  const lists = { opaque: pass((item) => item.pass === 1), blend: pass((item) => item.pass === 2) };
  for (const [name, records] of Object.entries(lists)) {
    stream.add('draw_list', DRAW_PASSES.indexOf(name), heap.put(records), records.length / 8);
  }
  const casters = options.shadow === false ? [] : pass((item) => item.pass === 1);
  stream.add('shadow_tile', TILE.x, TILE.y, TILE.side, 0, 1, heap.put(casters), casters.length / 8);
  for (const number of options.readbacks ?? []) stream.add('readback', number);
  stream.add('frame_end');
}
