// From resolved samples to linear radiance.
@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let samples = textureLoad(resolved, texel_of(in, vec2<f32>(textureDimensions(resolved))), 0);
  return vec4<f32>(decode_radiance(samples.rgb), samples.a);
}
