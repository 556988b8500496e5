// Lights beside the sun: those that are everywhere, and those that reach the fragment's cluster (frame/lights.py).
// Four words a texel: lists (heads, then numbers of lights, two a word), and from line LIGHT_LIST_LINES on a LIGHT_ROW of
// gpu/spec.py for each light.
@group(0) @binding(6) var light_words: texture_2d<u32>;
const LIGHT_LINE_TEXELS = LIGHT_LIST_WIDTH / 4u;

fn light_texel(light: u32, part: u32) -> vec4<f32> {
  let at = 3u * light + part;
  let place = vec2<u32>(at % LIGHT_LINE_TEXELS, LIGHT_LIST_LINES + at / LIGHT_LINE_TEXELS);
  return bitcast<vec4<f32>>(textureLoad(light_words, place, 0));
}

const LIGHT_NEAR_M = 0.01; // nearer, light falls off no more: it would be endless at a point

// What one light gives to a place: the direction it comes from, and the irradiance of a surface that faces it.
struct LightSample {
  direction: vec3<f32>,
  irradiance: vec3<f32>,
}

// What of a light's way to p is free (frame/lamp_shadows.py). way: from p to the light; ahead: where a spot shines to; wide:
// the tangent of half its angle.
fn lamp_visibility(code: u32, is_point: bool, way: vec3<f32>, ahead: vec3<f32>, wide: f32, reach: f32, n: vec3<f32>) -> f32 {
  let level = code & 3u;
  let side = f32(SHADOW_BLOCK >> level);
  let slope = wide * side / (side - 6.0);
  let texel_m = 2.0 * slope / side * length(way);
  let facing = dot(n, normalize(way));
  let at = n * (texel_m * (0.6 + 1.8 * sqrt(saturate(1.0 - facing * facing)))) - way;
  var toward = ahead;
  var cell = code >> 2u;
  if (is_point) {
    let size = abs(at);
    if (size.x >= size.y && size.x >= size.z) {
      toward = vec3<f32>(sign(at.x), 0.0, 0.0);
      cell += select(0u, 1u, at.x < 0.0);
    } else if (size.y >= size.z) {
      toward = vec3<f32>(0.0, sign(at.y), 0.0);
      cell += select(2u, 3u, at.y < 0.0);
    } else {
      toward = vec3<f32>(0.0, 0.0, sign(at.z));
      cell += select(4u, 5u, at.z < 0.0);
    }
  }
  let helper = select(vec3<f32>(0.0, 1.0, 0.0), vec3<f32>(0.0, 0.0, 1.0), abs(toward.y) > 0.99);
  let right = normalize(cross(helper, toward));
  let up = cross(toward, right);
  let depth = max(dot(at, toward), 1e-6);
  let uv = vec2<f32>(dot(at, right), -dot(at, up)) / (depth * slope) * 0.5 + 0.5;
  let near = 0.004 * reach;
  let inside = clamp(uv, vec2<f32>(3.0 / side), vec2<f32>(1.0 - 3.0 / side));
  let block = cell >> (2u * level); // its quarters, and theirs, are in Z-order (frame/shadow_atlas.py)
  let part = cell & ((1u << (2u * level)) - 1u);
  let x = (part & 1u) | ((part >> 1u) & 2u) | ((part >> 2u) & 4u);
  let y = ((part >> 1u) & 1u) | ((part >> 2u) & 2u) | ((part >> 3u) & 4u);
  let corner = vec2<f32>(f32(block % u32(frame.shadow_cells.x)), f32(block / u32(frame.shadow_cells.x)));
  let share = (vec2<f32>(f32(x), f32(y)) + inside) / f32(1u << level);
  let place = vec2<f32>(0.0, frame.shadow_cells.y) + (corner + share) * frame.shadow_cells.zw;
  return shadow_tent(place, near / max(depth - texel_m, near));
}

// A light at p (camera-relative): inverse square in a window that ends at its range, times the cone (KHR_lights_punctual).
fn light_sample(light: u32, p: vec3<f32>, n: vec3<f32>) -> LightSample {
  let place = light_texel(light, 0u);
  let shine = light_texel(light, 1u);
  let aim = light_texel(light, 2u);
  if (place.w < 0.0) {
    return LightSample(-aim.xyz, shine.rgb);
  }
  let way = place.xyz - p;
  let square = max(dot(way, way), LIGHT_NEAR_M * LIGHT_NEAR_M);
  let direction = way * inverseSqrt(square);
  let share = square * place.w;
  let window = saturate(1.0 - share * share);
  let long = length(aim.xyz); // 2 + where its shadows are: see LIGHT_ROW
  if (long < 1.5 || frame.shadow_cells.x < 1.0) {
    let cone = saturate(shine.w - dot(aim.xyz, direction) / max(long, 1.0) * aim.w);
    return LightSample(direction, shine.rgb * (window * window * cone * cone / square));
  }
  let ahead = aim.xyz / long;
  let cone = saturate(shine.w - dot(ahead, direction) * aim.w);
  let light_there = window * window * cone * cone / square;
  if (light_there <= 0.0) {
    return LightSample(direction, vec3<f32>(0.0));
  }
  let is_point = aim.w == 0.0;
  var slope = 1.0;
  if (!is_point) {
    let cosine = clamp((1e-9 - shine.w) / aim.w, 0.05, 0.9999);
    slope = sqrt(1.0 - cosine * cosine) / cosine;
  }
  let side = select(n, -n, dot(n, direction) < -0.1); // from behind it shines on what lets light through alone
  let free = lamp_visibility(u32(long - 1.5), is_point, way, ahead, slope, inverseSqrt(place.w), side);
  return LightSample(direction, shine.rgb * (light_there * free));
}

fn list_word(at: u32) -> u32 {
  let four = textureLoad(light_words, vec2<u32>((at >> 2u) % LIGHT_LINE_TEXELS, at / LIGHT_LIST_WIDTH), 0);
  let pair = select(four.xy, four.zw, (at & 2u) != 0u);
  return select(pair.x, pair.y, (at & 1u) != 0u);
}

// The cluster that p lies in: a tile of the picture, and a slice by depth.
fn cluster_of(p: vec3<f32>) -> u32 {
  let clip = frame.view_projection * vec4<f32>(p, 1.0);
  let tiles = vec2<f32>(f32(CLUSTERS_ACROSS), f32(CLUSTERS_DOWN));
  let tile = vec2<u32>(clamp((clip.xy / clip.w * 0.5 + 0.5) * tiles, vec2<f32>(0.0), tiles - 1.0));
  let depth = max(dot(p, frame.light_view.xyz) / frame.light_grid.y, 1e-6);
  let slice = u32(clamp(floor(1.0 + log(depth) * frame.light_grid.x), 0.0, f32(CLUSTERS_DEEP - 1u)));
  return (slice * CLUSTERS_DOWN + tile.y) * CLUSTERS_ACROSS + tile.x;
}

// Radiance that all lights but the sun have reflected towards v.
fn lamp_light(s: LitSurface, v: vec3<f32>, p: vec3<f32>, geometric: vec3<f32>) -> vec3<f32> {
  var sum = vec3<f32>(0.0);
  for (var light = 0u; light < u32(frame.light_view.w); light++) {
    let found = light_sample(light, p, geometric);
    sum += reflected_light(s, v, found.direction, found.irradiance, geometric);
  }
  if (frame.light_grid.z > 0.0) {
    let head = list_word(cluster_of(p));
    let heads = CLUSTERS_ACROSS * CLUSTERS_DOWN * CLUSTERS_DEEP;
    let end = (head & 0xffffffu) + (head >> 24u);
    for (var at = head & 0xffffffu; at < end; at++) {
      let light = (list_word(heads + (at >> 1u)) >> (16u * (at & 1u))) & 0xffffu;
      let found = light_sample(light, p, geometric);
      sum += reflected_light(s, v, found.direction, found.irradiance, geometric);
    }
  }
  return sum;
}
