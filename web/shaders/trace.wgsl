// What is opaque, mirrored: where a ray from a surface meets the resolved depth. The way is straight in the picture, and depth
// changes evenly along it (McGuire and Mara, "Efficient GPU screen-space ray tracing", 2014). Colours are exposed, times how
// sure they are (alpha).
const MIRROR_STEPS = 24;
const MIRROR_HALVINGS = 4;

fn opaque_depth(ndc: vec2<f32>) -> f32 {
  let size = vec2<f32>(textureDimensions(depth));
  return textureLoad(depth, clamp(vec2<i32>((ndc * vec2<f32>(0.5, -0.5) + 0.5) * size), vec2<i32>(0), vec2<i32>(size) - 1), 0);
}

// How far on its way from `start` a place leaves the picture: 1 where it does not.
fn leaves_at(start: f32, way: f32) -> f32 {
  return select(1.0, (sign(way) - start) / way, abs(start + way) > 1.0);
}

// here: a place in clip space; r: where the ray goes to; noise: 0 to 1, of the pixel.
fn traced(here: vec4<f32>, r: vec3<f32>, noise: f32) -> vec4<f32> {
  let start = here.xyz / here.w;
  let ahead = frame.view_projection * vec4<f32>(r, 0.0);
  // Where the ray ends in the picture: its vanishing point, or, towards the camera, near to it.
  let end = select(here + ahead * (0.9 * here.w / max(-ahead.w, 1e-20)), ahead, ahead.w > 1e-4 * length(ahead.xy));
  let far = end.xyz / max(end.w, 1e-20);
  let full = far - start;
  let share = min(min(leaves_at(start.x, full.x), leaves_at(start.y, full.y)), 1.0);
  let way = full * share;
  if (length(way.xy * frame.viewport.xy) < 4.0) {
    return vec4<f32>(0.0);
  }
  var before = 0.0;
  var found = -1.0;
  for (var k = 0; k < MIRROR_STEPS; k++) {
    let t = (f32(k) + 0.25 + 0.75 * noise) / f32(MIRROR_STEPS);
    let at = start + way * t;
    let d = opaque_depth(at.xy);
    if (d > at.z) {
      // In front of the ray: it is what the ray meets only where it is not much nearer than the ray was and is.
      let seen = sight_depth(d);
      let nearest = min(sight_depth(start.z + way.z * before), sight_depth(at.z));
      if (seen > nearest * 0.9 - 0.2) {
        found = t;
        break;
      }
    }
    before = t;
  }
  if (found < 0.0) {
    return vec4<f32>(0.0);
  }
  for (var k = 0; k < MIRROR_HALVINGS; k++) {
    let middle = 0.5 * (before + found);
    let at = start + way * middle;
    if (opaque_depth(at.xy) > at.z) {
      found = middle;
    } else {
      before = middle;
    }
  }
  let at = start + way * found;
  let margin = vec2<f32>(1.0) - abs(at.xy);
  let sure = saturate(min(margin.x, margin.y) / 0.2) * saturate(4.0 * (1.0 - found * share) + 0.25);
  let uv = at.xy * vec2<f32>(0.5, -0.5) + 0.5;
  return vec4<f32>(textureSampleLevel(hdr, linear_sampler, uv, 0.0).rgb, 1.0) * sure;
}
