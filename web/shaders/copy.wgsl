// A target as it is, into another of its size.
@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  return textureLoad(source, texel_of(in, vec2<f32>(textureDimensions(source))), 0);
}
