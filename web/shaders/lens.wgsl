// What a lens adds to light, and what grading makes of colours.

// Light that the lens parts by colour, farther out the more: red outwards, blue inwards.
fn parted(uv: vec2<f32>, amount: f32) -> vec3<f32> {
  let way = uv - 0.5;
  let reach = way * (amount * 0.04 * dot(way, way));
  var sum = vec3<f32>(0.0);
  var weights = vec3<f32>(0.0);
  for (var n = 0; n < 7; n++) {
    let t = f32(n) / 3.0 - 1.0;
    let weight = vec3<f32>(max(t, 0.0), 1.0 - abs(t), max(-t, 0.0));
    sum += textureSampleLevel(hdr, linear_sampler, uv + reach * t, 0.0).rgb * weight;
    weights += weight;
  }
  return sum / weights;
}

// The share of light that reaches the picture at p, halves of its height from the middle.
fn vignetted(p: vec2<f32>, corner: f32, amount: f32) -> f32 {
  let r = length(p) / corner;
  return 1.0 - amount * smoothstep(0.15, 1.0, r * r);
}

// A ghost: the sun's light after two reflections between lenses, as a disc with a brighter rim, its colours a little apart.
fn ghost(p: vec2<f32>, at: vec2<f32>, radius: f32, color: vec3<f32>) -> vec3<f32> {
  let d = length(p - at) / radius * vec3<f32>(1.0, 1.03, 1.06);
  let disc = 1.0 - smoothstep(vec3<f32>(0.90), vec3<f32>(1.0), d);
  return color * disc * (0.35 + 0.65 * pow(min(d, vec3<f32>(1.0)), vec3<f32>(6.0)));
}

// What the sun draws inside of the lens. p: halves of the picture's height from its middle.
fn flare_light(p: vec2<f32>, aspect: f32) -> vec3<f32> {
  let found = textureLoad(flare, vec2<i32>(0), 0);
  if (found.a <= 0.0) {
    return vec3<f32>(0.0);
  }
  let sun = (sun_place().xy - 0.5) * vec2<f32>(2.0 * aspect, 2.0);
  let way = p - sun;
  let d = length(way);
  let angle = atan2(way.y, way.x);
  // Glare and the star of a diaphragm of six blades.
  let rays = pow(abs(cos(3.0 * angle + 0.4)), 24.0) * 0.08 / (1.0 + 24.0 * d * d) + 0.10 / (1.0 + 60.0 * d * d);
  var sum = vec3<f32>(rays) * exp(-1.5 * d);
  // A ring around it, its colours as in a rainbow.
  let ring = (vec3<f32>(d) - vec3<f32>(0.98, 0.93, 0.88)) / 0.05;
  sum += exp(-ring * ring) * 0.025;
  sum += ghost(p, sun * 0.45, 0.10, vec3<f32>(0.030, 0.022, 0.010));
  sum += ghost(p, sun * 0.20, 0.045, vec3<f32>(0.020, 0.040, 0.030));
  sum += ghost(p, sun * -0.25, 0.07, vec3<f32>(0.012, 0.032, 0.040));
  sum += ghost(p, sun * -0.55, 0.20, vec3<f32>(0.016, 0.020, 0.036));
  sum += ghost(p, sun * -0.80, 0.11, vec3<f32>(0.034, 0.014, 0.026));
  sum += ghost(p, sun * -1.25, 0.32, vec3<f32>(0.014, 0.018, 0.012));
  return sum * found.rgb * (found.a * 2.0);
}

// By lift, gamma, gain, contrast and saturation. `c` and the result are sRGB.
fn color_graded(c: vec3<f32>) -> vec3<f32> {
  var s = max(frame.grade_gain.rgb * (c + frame.grade_lift.rgb * (vec3<f32>(1.0) - c)), vec3<f32>(0.0));
  s = pow(s, vec3<f32>(1.0) / frame.grade_gamma.rgb);
  s = (s - 0.5) * frame.grade_gamma.w + 0.5;
  return clamp(mix(vec3<f32>(dot(s, vec3<f32>(0.2126, 0.7152, 0.0722))), s, frame.grade_lift.w), vec3<f32>(0.0), vec3<f32>(1.0));
}
