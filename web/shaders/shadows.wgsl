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

// Soft shadows: how wide a shadow's edge is grows with the way to what throws it (Fernando, "Percentage-closer soft shadows",
// 2005). How far away that is is found by comparing alone, so that no texture is read in two ways: what hides the sun is asked
// for in layers, ever farther towards it, each over the disc that the sun is seen through there.
const SOFT_LAYERS = 7;
const SOFT_TAPS = 3; // of a layer
const SOFT_FIRST_M = 0.3; // the first layer; each is twice as far as the one before
const SOFT_FILTER = 16; // taps of an edge
const SOFT_TEXELS = 20.0; // its largest radius
const TENT_TEXELS = 2.0; // up to here the tent is as wide

fn spiral(n: i32, count: i32, turn: f32) -> vec2<f32> {
  let angle = f32(n) * 2.39996323 + turn;
  return sqrt((f32(n) + 0.5) / f32(count)) * vec2<f32>(cos(angle), sin(angle));
}

// The radius of a shadow's edge around q (of the tile), texels. a_metre: of depth; slope: texels a unit of depth; margin: what
// the surface itself may be nearer by, of depth.
fn edge_radius(tile: vec4<f32>, q: vec3<f32>, slope: f32, a_metre: f32, margin: f32, turn: f32, grain: f32) -> f32 {
  let texel = frame.shadow_params.xy;
  var first = 0.0;
  var sum = 0.0;
  // Where the layers lie differs by pixel: else the edge would widen in steps.
  var way = max(SOFT_FIRST_M * a_metre, margin) * exp2(grain);
  for (var layer = 0; layer < SOFT_LAYERS; layer++) {
    let radius = clamp(1.4 * way * slope, 1.0, SOFT_TEXELS);
    var hidden = 0.0;
    for (var k = 0; k < SOFT_TAPS; k++) {
      let offset = spiral(layer * SOFT_TAPS + k, SOFT_LAYERS * SOFT_TAPS, turn) * radius;
      hidden += 1.0 - shadow_tap(tile.xy + q.xy * tile.zw + offset * texel, q.z + way);
    }
    if (layer == 0) {
      first = hidden;
      sum = hidden * way;
    } else {
      sum += hidden * 0.5 * way; // as much as the layer is thick
    }
    way *= 2.0;
  }
  return min(1.386 * sum / max(first, 0.05) * slope, SOFT_TEXELS); // of a way between layers 0.72 is found, in the mean
}

// As shadow_tent, over a disc.
fn shadow_disc(uv: vec2<f32>, depth: f32, radius: f32, turn: f32) -> f32 {
  var sum = 0.0;
  for (var k = 0; k < SOFT_FILTER; k++) {
    sum += shadow_tap(uv + spiral(k, SOFT_FILTER, turn) * radius * frame.shadow_params.xy, depth);
  }
  return sum / f32(SOFT_FILTER);
}

// The share of sunlight in a cascade; soft where its shadow_steps say so.
fn cascade_light(i: u32, p: vec3<f32>, n: vec3<f32>, q: vec3<f32>, grazing: f32) -> f32 {
  let steps = frame.shadow_steps[i];
  let tile = frame.shadow_tiles[i];
  let uv = tile.xy + q.xy * tile.zw;
  if (steps.z <= 0.0) {
    return shadow_tent(uv, q.z + steps.y);
  }
  let clip = frame.view_projection * vec4<f32>(p, 1.0);
  let pixel = floor((clip.xy / clip.w * vec2<f32>(0.5, -0.5) + 0.5) * frame.viewport.xy);
  let grain = interleaved_noise(pixel + frame.temporal.xy * 64.0);
  let turn = 6.2831853 * grain;
  let radius = edge_radius(tile, q, steps.z, steps.w, (1.0 + 6.0 * grazing) * steps.y, turn, fract(grain * 11.7));
  if (radius <= TENT_TEXELS) {
    return shadow_tent(uv, q.z + steps.y);
  }
  // Over a wider disc the surface comes nearer to the sun: the place is lifted as much more.
  let lift = 1.8 * grazing * steps.x * (radius - TENT_TEXELS);
  let moved = (frame.shadow_matrices[i] * vec4<f32>(p + n * ((0.6 + 1.8 * grazing) * steps.x + lift), 1.0)).xyz;
  let soft = shadow_disc(tile.xy + moved.xy * tile.zw, moved.z + steps.y, radius, turn);
  let share = saturate((radius - TENT_TEXELS) / TENT_TEXELS);
  return select(mix(shadow_tent(uv, q.z + steps.y), soft, share), soft, share >= 1.0);
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
      let share = left * (1.0 - smoothstep(SHADOW_EDGE - SHADOW_FADE, SHADOW_EDGE, edge));
      sum += share * cascade_light(i, p, n, q, grazing);
      left -= share;
      if (left <= 0.001) {
        break;
      }
    }
  }
  return mix(1.0, sum + left, strength);
}

const ROOF_MATRIX = 11u; // of shadow_matrices
const ROOF_LIFT_M = 0.4; // what lies less below the highest thing is that thing
const ROOF_BESIDE_M = 0.25;

// How much of what falls from straight above reaches p (camera-relative): the atlas's tile of what lies under the open sky
// (frame/roofs.py). n: where its surface faces.
fn open_sky(p: vec3<f32>, n: vec3<f32>) -> f32 {
  if (frame.roof.z <= 0.0) {
    return 1.0;
  }
  let lifted = p + vec3<f32>(0.0, ROOF_LIFT_M, 0.0) + n * ROOF_BESIDE_M;
  let q = (frame.shadow_matrices[ROOF_MATRIX] * vec4<f32>(lifted, 1.0)).xyz;
  let edge = max(abs(q.x - 0.5), abs(q.y - 0.5)) * 2.0;
  if (edge >= SHADOW_EDGE || q.z <= 0.0) {
    return 1.0;
  }
  return mix(shadow_tent(frame.roof.xy + q.xy * frame.roof.zw, q.z), 1.0, smoothstep(0.85, SHADOW_EDGE, edge));
}
