// WebGL2 only: puts the finished picture on the canvas, whose first row is the bottom one and which stores sRGB as is.
@group(0) @binding(0) var source: texture_2d<f32>;

@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let rows = i32(textureDimensions(source).y);
  let c = textureLoad(source, vec2<i32>(i32(in.clip.x), rows - 1 - i32(in.clip.y)), 0).rgb;
  let low = c * 12.92;
  let high = 1.055 * pow(c, vec3<f32>(1.0 / 2.4)) - 0.055;
  return vec4<f32>(select(high, low, c <= vec3<f32>(0.0031308)), 1.0);
}
