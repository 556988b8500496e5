// What a mirror probe saw, as surfaces reflect it: what mirror_levels.wgsl prefilters, from six sides.

// The side that a direction meets, and where: -1 to 1, right and up.
fn mirror_source(d: vec3<f32>, wide: f32) -> vec3<f32> {
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

@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let texel = floor(uv_of(in) * vec2<f32>(AIR_SIZE.x, frame.probe_state.w)) - frame.probe_job.zw;
  let inside = texel.x >= 0.0 && texel.y >= 0.0 && texel.x < 2.0 * f32(MIRROR_SIDE) && texel.y < f32(MIRROR_SIDE);
  var light = vec4<f32>(0.0);
  if (inside) { // what is discarded may go on as a helper: the work is here alone
    light = mirrored_texel(texel);
  } else {
    discard;
  }
  return light;
}
