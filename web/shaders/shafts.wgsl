// From resolved samples to linear radiance, without the light that fog would get if nothing stood before the sun.
fn free_share(uv: vec2<f32>, far: f32) -> f32 {
  let size = vec2<f32>(textureDimensions(shafts));
  let at = clamp(uv * size - 0.5, vec2<f32>(0.0), size - 1.0);
  let corner = floor(at);
  let f = at - corner;
  var sum = 0.0;
  var weights = 0.0;
  for (var k = 0; k < 4; k++) {
    let side_of = vec2<f32>(f32(k & 1), f32(k >> 1u));
    let c = textureLoad(shafts, vec2<i32>(min(corner + side_of, size - 1.0)), 0);
    let side = mix(vec2<f32>(1.0) - f, f, side_of);
    let weight = (side.x * side.y + 1e-3) / (1.0 + 100.0 * abs(c.g - far) / (far + 1.0));
    sum += c.r * weight;
    weights += weight;
  }
  return sum / weights;
}

@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  adapted_ev = exposure_ev();
  let uv = uv_of(in);
  let texel = texel_of(in, vec2<f32>(textureDimensions(resolved)));
  let samples = textureLoad(resolved, texel, 0);
  let d = textureLoad(depth, texel, 0);
  let p = place_at(uv, d);
  let far = select(min(length(p), FOG_FAR_M), FOG_FAR_M, d <= 0.0);
  let direction = normalize(p);
  let opacity = fog_opacity(direction, far);
  let taken = frame.shafts.x * (1.0 - free_share(uv, far)) * sun_share(direction) * (1.0 - samples.a);
  let light = decode_radiance(samples.rgb) - exposed(fog_radiance(direction) * (opacity * taken));
  return vec4<f32>(max(light, vec3<f32>(0.0)), samples.a);
}
