// What a mirror probe saw, as surfaces reflect it that are ever rougher: levels as in air_mirror.wgsl, from the six sides.
const PROBE_SAMPLES = 64;

// The side that a direction meets, and where: -1 to 1, right and up.
fn side_light(d: vec3<f32>) -> vec3<f32> {
  let size = abs(d);
  var face = select(4, 5, d.z < 0.0);
  var at = vec2<f32>(select(-d.x, d.x, d.z < 0.0), d.y) / max(size.z, 1e-9);
  if (size.x >= size.y && size.x >= size.z) {
    face = select(0, 1, d.x < 0.0);
    at = vec2<f32>(select(d.z, -d.z, d.x < 0.0), d.y) / max(size.x, 1e-9);
  } else if (size.y >= size.z) {
    face = select(2, 3, d.y < 0.0);
    at = vec2<f32>(d.x, select(d.z, -d.z, d.y < 0.0)) / max(size.y, 1e-9);
  }
  let side = frame.probe_job.y;
  let texel = clamp((at * vec2<f32>(0.5, -0.5) + 0.5) * side, vec2<f32>(0.5), vec2<f32>(side - 0.5));
  let size_of = vec2<f32>(6.0 * f32(FACE), f32(FACE));
  return textureSampleLevel(probe_faces, linear_sampler, (texel + vec2<f32>(f32(face) * side, 0.0)) / size_of, 0.0).rgb;
}

// texel: from the corner of its levels.
fn seen_at(texel: vec2<f32>) -> vec4<f32> {
  let whole = f32(MIRROR_SIDE);
  let level = clamp(floor(-log2(max(1.0 - (texel.x + 0.5) / (2.0 * whole), 1e-6))), 0.0, f32(MIRRORS) - 1.0);
  let side = whole * exp2(-level);
  let place = (texel - vec2<f32>(2.0 * whole - 2.0 * side, 0.0)) / (side - 1.0);
  if (place.x > 1.0 || place.y > 1.0) {
    return vec4<f32>(0.0);
  }
  let n = octahedral_direction(place);
  let roughness = mirror_roughness(level);
  if (roughness <= 0.0) {
    return vec4<f32>(side_light(n), 1.0);
  }
  let helper = select(vec3<f32>(0.0, 1.0, 0.0), vec3<f32>(1.0, 0.0, 0.0), abs(n.y) > 0.9);
  let t = normalize(cross(helper, n));
  let b = cross(n, t);
  let a2 = roughness * roughness * roughness * roughness;
  var sum = vec3<f32>(0.0);
  var weight = 0.0;
  for (var k = 0; k < PROBE_SAMPLES; k++) {
    let u = (f32(k) + 0.5) / f32(PROBE_SAMPLES);
    let cosine = sqrt((1.0 - u) / (1.0 + (a2 - 1.0) * u));
    let sine = sqrt(1.0 - cosine * cosine);
    let phi = f32(k) * 2.39996323;
    let h = t * (sine * cos(phi)) + b * (sine * sin(phi)) + n * cosine;
    let l = 2.0 * dot(n, h) * h - n;
    let nl = dot(n, l);
    if (nl > 0.0) {
      sum += side_light(l) * nl;
      weight += nl;
    }
  }
  return vec4<f32>(sum / max(weight, 1e-4), 1.0);
}

@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let texel = floor(uv_of(in) * vec2<f32>(AIR_SIZE.x, frame.probe_state.w)) - frame.probe_job.zw;
  let inside = texel.x >= 0.0 && texel.y >= 0.0 && texel.x < 2.0 * f32(MIRROR_SIDE) && texel.y < f32(MIRROR_SIDE);
  var light = vec4<f32>(0.0);
  if (inside) { // what is discarded may go on as a helper: the work is here alone
    light = seen_at(texel);
  } else {
    discard;
  }
  return light;
}
