// How much of the sun the camera sees, and in which colour: one texel, which the tone pass draws a flare by.
const FLARE_TAPS = 24;

@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let sun = sun_place();
  if (sun.z < 0.5) {
    return vec4<f32>(0.0);
  }
  let m = frame.view_projection;
  let spread = tan(acos(clamp(frame.sun_direction.w, 0.5, 1.0)));
  let radius = 0.5 * spread * vec2<f32>(length(vec3<f32>(m[0].x, m[1].x, m[2].x)), length(vec3<f32>(m[0].y, m[1].y, m[2].y)));
  let size = vec2<f32>(textureDimensions(hdr));
  let depth_size = vec2<f32>(textureDimensions(depth));
  var sum = vec3<f32>(0.0);
  var seen = 0.0;
  for (var n = 0; n < FLARE_TAPS; n++) {
    // A spiral of the golden angle fills the disc evenly (Vogel 1979).
    let at = sqrt((f32(n) + 0.5) / f32(FLARE_TAPS)) * 0.85;
    let turn = f32(n) * 2.39996323;
    let uv = sun.xy + radius * at * vec2<f32>(cos(turn), sin(turn));
    if (any(uv < vec2<f32>(0.0)) || any(uv >= vec2<f32>(1.0))) {
      continue;
    }
    let texel = vec2<i32>(uv * size);
    if (textureLoad(depth, vec2<i32>(uv * depth_size), 0) > 0.0) { // something hides it; the sky has 0
      continue;
    }
    let c = textureLoad(hdr, texel, 0).rgb;
    // The disc is far brighter than a lit cloud before it.
    seen += smoothstep(2.0, 12.0, max(c.r, max(c.g, c.b)));
    sum += c;
  }
  let tint = sum / max(max(sum.r, max(sum.g, sum.b)), 1e-6);
  return vec4<f32>(tint, seen / f32(FLARE_TAPS));
}
