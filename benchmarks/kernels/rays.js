/** The cases of rays.py for kernels.js: the same arrays and checks as native_rays.h. */
const FEW = 32;

/**
 * @param {any} k exports of side.wasm
 * @param {any} layout of kernels.js
 * @param {Record<string, number>} at addresses of the inputs
 * @param {Record<string, Uint8Array>} d the inputs
 * @param {(prepare: () => void, run: () => void) => number[]} timed
 */
export function rays(k, layout, at, d, timed) {
  const found = {};
  const take = (name, run, address, words) => {
    const times = timed(() => {}, run);
    found[name] = { side: [times, layout.checksum(address, words())] };
  };
  const count = d.ball_indices.length / 12;
  const rayCount = d.ball_rays.length / 32;
  const [boxes, nodes, order, scratch, area] = [24 * count, 64 * count, 4 * count, 4 * count, 4].map((s) => layout.room(s));
  const [distance, item, other, weights] = [8, 4, 4, 8].map((size) => layout.room(size * rayCount));
  let used = 0;
  k.lw_bvh_triangle_boxes(at.ball_positions, at.ball_indices, count, boxes);
  take('bvh build', () => {
    used = k.lw_bvh_build(boxes, count, 4, nodes, order, scratch, area);
  }, order, () => count);
  take('bvh refit', () => k.lw_bvh_refit(boxes, order, nodes, used, area), nodes, () => 8 * used);
  take('rays, triangles', () => k.lw_bvh_rays(
    nodes, used, order, at.ball_positions, at.ball_indices, at.ball_rays, rayCount, distance, item, weights,
  ), distance, () => FEW);

  const places = d.places.length / 52;
  const [around, mesh, meshOrder, table] = [288, 768, 48, 16].map((size) => layout.room(size));
  const [of, sides, top, topOrder, more] = [4, 24, 64, 4, 4].map((size) => layout.room(size * places));
  k.lw_bvh_triangle_boxes(at.cube_positions, at.cube_indices, 12, around);
  const meshUsed = k.lw_bvh_build(around, 12, 4, mesh, meshOrder, scratch, area);
  new Uint32Array(layout.memory.buffer, table, 4).set([0, meshUsed, 0, 12]);
  k.lw_bvh_instance_boxes(at.places, of, table, mesh, places, sides);
  const topUsed = k.lw_bvh_build(sides, places, 2, top, topOrder, more, area);
  take('rays, instances', () => k.lw_bvh_rays_instances(
    top, topUsed, topOrder, sides, at.places, of, table, mesh, meshOrder, at.cube_positions, at.cube_indices,
    at.place_rays, rayCount, distance, item, other,
  ), distance, () => FEW);

  const side = Math.sqrt(d.codes.length / 2);
  const pyramid = layout.room(d.codes.length);
  k.lw_field_pyramid(at.codes, side, side, pyramid);
  take('rays, ground', () => k.lw_field_rays(
    at.codes, side, side, at.grid, pyramid, at.ground_rays, rayCount, distance, item,
  ), distance, () => 2 * FEW);
  return found;
}
