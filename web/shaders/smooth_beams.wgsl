// The mean of a tile's 16 starts around each texel, of those about as far away.
@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let size = vec2<f32>(textureDimensions(beams));
  let last = vec2<i32>(size) - 1;
  let texel = texel_of(in, size);
  let here = textureLoad(beams, texel, 0);
  var sum = 0.0;
  var weights = 0.0;
  for (var y = -2; y <= 2; y++) {
    for (var x = -2; x <= 2; x++) {
      let c = textureLoad(beams, clamp(texel + vec2<i32>(x, y), vec2<i32>(0), last), 0);
      let edge = select(1.0, 0.5, abs(x) == 2) * select(1.0, 0.5, abs(y) == 2);
      let weight = edge * saturate(1.5 - abs(c.g - here.g) / (0.1 * here.g + 0.5));
      sum += c.r * weight;
      weights += weight;
    }
  }
  return vec4<f32>(sum / max(weights, 1e-4), here.g, 0.0, 1.0);
}
