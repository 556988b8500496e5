// Any target whose texels are numbers, into a smaller image as it is: what the inspector shows (web/inspector/targets.js).
@group(0) @binding(0) var seen: texture_2d<f32>;

@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  return textureLoad(seen, texel_of(in, vec2<f32>(textureDimensions(seen))), 0);
}
