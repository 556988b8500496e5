// Shadows: what of a light's way is free, looked up in tiles of the shadow atlas (frame/cascades.py, frame/sun_shadows.py).
const SHADOW_EDGE = 0.98; // of half a tile: nearer to its edge the filter would read its neighbour
const SHADOW_FADE = 0.1; // of half a tile: there a cascade is mixed with the next

fn shadow_tap(uv: vec2<f32>, depth: f32) -> f32 {
  return textureSampleCompareLevel(shadow_atlas, shadow_sampler, uv, depth);
}

// The share of a 5 x 5 tent around uv (of the atlas) that is not nearer to the light than depth: nine taps, each of four
// filtered texels (Castano, "Shadow Mapping Summary - Part 1", The Witness, 2013).
fn shadow_tent(uv: vec2<f32>, depth: f32) -> f32 {
  let texel = frame.shadow_params.xy;
  let at = uv / texel + 0.5;
  let corner = floor(at);
  let s = at - corner;
  let base = (corner - 0.5) * texel;
  let x0 = 4.0 - 3.0 * s.x;
  let x2 = 1.0 + 3.0 * s.x;
  let y0 = 4.0 - 3.0 * s.y;
  let y2 = 1.0 + 3.0 * s.y;
  let left = ((3.0 - 2.0 * s.x) / x0 - 2.0) * texel.x;
  let middle = (3.0 + s.x) / 7.0 * texel.x;
  let right = (s.x / x2 + 2.0) * texel.x;
  let above = ((3.0 - 2.0 * s.y) / y0 - 2.0) * texel.y;
  let centre = (3.0 + s.y) / 7.0 * texel.y;
  let below = (s.y / y2 + 2.0) * texel.y;
  var sum = x0 * y0 * shadow_tap(base + vec2<f32>(left, above), depth);
  sum += 7.0 * y0 * shadow_tap(base + vec2<f32>(middle, above), depth);
  sum += x2 * y0 * shadow_tap(base + vec2<f32>(right, above), depth);
  sum += x0 * 7.0 * shadow_tap(base + vec2<f32>(left, centre), depth);
  sum += 49.0 * shadow_tap(base + vec2<f32>(middle, centre), depth);
  sum += x2 * 7.0 * shadow_tap(base + vec2<f32>(right, centre), depth);
  sum += x0 * y2 * shadow_tap(base + vec2<f32>(left, below), depth);
  sum += 7.0 * y2 * shadow_tap(base + vec2<f32>(middle, below), depth);
  sum += x2 * y2 * shadow_tap(base + vec2<f32>(right, below), depth);
  return sum / 144.0;
}

// The share of sunlight that reaches p (camera-relative): from the smallest cascade that holds it, and near that one's edge
// from the next as well. The place is moved off the surface by texels, more where light grazes it: the filter's outermost
// texels see the plane nearer to the sun than p by their distance times the slope.
fn sun_visibility(p: vec3<f32>, n: vec3<f32>) -> f32 {
  let strength = frame.shadow_params.z;
  if (strength <= 0.0) {
    return 1.0;
  }
  let facing = dot(n, frame.sun_direction.xyz);
  let grazing = sqrt(saturate(1.0 - facing * facing));
  let reach = frame.shadow_params.w;
  var left = 1.0 - smoothstep(0.85, 1.0, length(p) / reach);
  var sum = 1.0 - left;
  for (var i = 0u; i < SHADOW_CASCADES; i++) {
    let steps = frame.shadow_steps[i];
    let q = (frame.shadow_matrices[i] * vec4<f32>(p + n * ((0.6 + 1.8 * grazing) * steps.x), 1.0)).xyz;
    let edge = max(abs(q.x - 0.5), abs(q.y - 0.5)) * 2.0;
    if (edge < SHADOW_EDGE && q.z > 0.0 && q.z < 1.0) {
      let tile = frame.shadow_tiles[i];
      let share = left * (1.0 - smoothstep(SHADOW_EDGE - SHADOW_FADE, SHADOW_EDGE, edge));
      sum += share * shadow_tent(tile.xy + q.xy * tile.zw, q.z + steps.y);
      left -= share;
      if (left <= 0.001) {
        break;
      }
    }
  }
  return mix(1.0, sum + left, strength);
}
