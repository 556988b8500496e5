// Gaussians over what is opaque: as numbers of the screen, which they were trained in, so that what they half cover shines
// through as it does there. What they cover is shown as given from here on.
@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let texel = texel_of(in, vec2<f32>(textureDimensions(splats)));
  let over = textureLoad(splats, texel, 0);
  if (over.a <= 0.0) {
    discard;
  }
  let under = textureLoad(behind, texel, 0);
  let shown = to_srgb(mix(tone_mapped(under.rgb), under.rgb, under.a));
  return vec4<f32>(from_srgb(over.rgb + shown * (1.0 - over.a)), 1.0);
}
