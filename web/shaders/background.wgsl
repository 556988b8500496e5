// What glass is drawn over: the picture so far, and in alpha how many metres away it is.
@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let at = texel_of(in, vec2<f32>(textureDimensions(hdr)));
  return vec4<f32>(textureLoad(hdr, at, 0).rgb, min(sight_depth(textureLoad(depth, at, 0)), RADIANCE_MAX));
}
