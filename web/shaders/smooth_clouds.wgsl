// The mean of a tile's four starts around each texel: those at the ends of three are the same ones, half each.
@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let size = vec2<f32>(textureDimensions(cloud_starts));
  let last = vec2<i32>(size) - 1;
  let texel = texel_of(in, size);
  var sum = vec4<f32>(0.0);
  for (var y = -1; y <= 1; y++) {
    for (var x = -1; x <= 1; x++) {
      let weight = select(0.5, 0.25, x != 0) * select(0.5, 0.25, y != 0);
      sum += weight * textureLoad(cloud_starts, clamp(texel + vec2<i32>(x, y), vec2<i32>(0), last), 0);
    }
  }
  return sum;
}
