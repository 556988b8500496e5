// What the frame knows of the surroundings of a place that is drawn: how much of the sky it sees (`open`), from where mostly
// (`bent`), and the share of the sun past what stands near. From `screen` (screen_pack.wgsl), between the four texels around,
// those at the same depth.
struct ScreenLight {
  open: f32,
  sun: f32,
  bent: vec3<f32>,
}

fn screen_light(p: vec3<f32>, n: vec3<f32>, geometric: vec3<f32>) -> ScreenLight {
  if (MIRRORED || frame.ambient.y <= 0.0) {
    return ScreenLight(1.0, 1.0, n);
  }
  let clip = frame.view_projection * vec4<f32>(p, 1.0);
  let size = vec2<f32>(textureDimensions(screen));
  let at = clamp((clip.xy / clip.w * vec2<f32>(0.5, -0.5) + 0.5) * size - 0.5, vec2<f32>(0.0), size - 1.0);
  let corner = floor(at);
  let f = at - corner;
  let here = depth_of(p) / frame.ambient.y;
  var open = 0.0;
  var sun = 0.0;
  var bent = vec3<f32>(0.0);
  var weights = 0.0;
  var nearest = 1.0;
  for (var k = 0; k < 4; k++) {
    let side_of = vec2<f32>(f32(k & 1), f32(k >> 1u));
    let c = textureLoad(screen, vec2<i32>(min(corner + side_of, size - 1.0)), 0);
    let off = abs(c.a - here) / max(here, 1e-6);
    let side = mix(vec2<f32>(1.0) - f, f, side_of);
    let weight = (side.x * side.y + 1e-3) / (1.0 + 2.0e3 * off * off + 40.0 * off);
    let both = floor(c.r / 16.0);
    open += both / 127.0 * weight;
    sun += (c.r - both * 16.0) / 15.0 * weight;
    bent += octahedral(c.gb) * weight;
    weights += weight;
    nearest = min(nearest, off);
  }
  // Nothing of what is around lies where this does: a thin thing, or glass. It sees all of the sky.
  let known = 1.0 - smoothstep(0.1, 0.2, nearest);
  let strength = frame.ambient.x * known;
  return ScreenLight(
    mix(1.0, open / weights, strength), mix(1.0, sun / weights, known), normalize(n + (normalize(bent) - geometric) * strength));
}

// Light that bounces between what hides the sky brightens bright things (Jimenez et al. 2016, their fit).
fn bounced(open: f32, albedo: vec3<f32>) -> vec3<f32> {
  let a = 2.0404 * albedo - 0.3324;
  let b = 0.6417 - 4.7951 * albedo;
  let c = 2.7552 * albedo + 0.6903;
  return min(max(vec3<f32>(open), ((open * a + b) * open + c) * open), vec3<f32>(1.0));
}
