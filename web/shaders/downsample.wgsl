// Halves a texture level: the mean of 2 x 2 texels (the last row or column again where the size is odd), in linear light.
@group(0) @binding(0) var source: texture_2d<f32>;

@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let last = vec2<i32>(textureDimensions(source)) - 1;
  let p = vec2<i32>(in.clip.xy) * 2;
  let a = textureLoad(source, min(p, last), 0);
  let b = textureLoad(source, min(p + vec2<i32>(1, 0), last), 0);
  let c = textureLoad(source, min(p + vec2<i32>(0, 1), last), 0);
  let d = textureLoad(source, min(p + vec2<i32>(1, 1), last), 0);
  return (a + b + c + d) * 0.25;
}
