// A picture of fewer pixels, as large as it is shown: the cubic of Catmull and Rom, whose overshoot is held to what is around.
@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let size = vec2<f32>(textureDimensions(source));
  let last = vec2<i32>(size) - 1;
  let at = uv_of(in) * size - 0.5;
  let corner = floor(at);
  let f = at - corner;
  let near = f * (-0.5 + f * (1.0 - 0.5 * f));
  let here = 1.0 + f * f * (-2.5 + 1.5 * f);
  let next = f * (0.5 + f * (2.0 - 1.5 * f));
  let after = f * f * (-0.5 + 0.5 * f);
  let across = vec4<f32>(near.x, here.x, next.x, after.x);
  let down = vec4<f32>(near.y, here.y, next.y, after.y);
  var sum = vec4<f32>(0.0);
  var low = vec4<f32>(6.0e4);
  var high = vec4<f32>(0.0);
  for (var y = 0; y < 4; y++) {
    for (var x = 0; x < 4; x++) {
      let c = textureLoad(source, clamp(vec2<i32>(corner) + vec2<i32>(x - 1, y - 1), vec2<i32>(0), last), 0);
      sum += c * (across[x] * down[y]);
      if ((x == 1 || x == 2) && (y == 1 || y == 2)) {
        low = min(low, c);
        high = max(high, c);
      }
    }
  }
  return clamp(sum, low, high);
}
