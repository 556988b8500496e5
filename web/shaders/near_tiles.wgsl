// By tiles of 16 x 16 texels: the largest radius of what is nearer than what is sharp.
@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let size = vec2<i32>(textureDimensions(unfocused));
  let first = vec2<i32>(uv_of(in) * vec2<f32>(max(size / 16, vec2<i32>(1)))) * 16;
  // The last tile of a line reaches to the edge.
  let end = select(first + 16, size, first + 32 > size);
  var nearest = 0.0;
  for (var y = first.y; y < end.y; y++) {
    for (var x = first.x; x < end.x; x++) {
      nearest = min(nearest, textureLoad(unfocused, vec2<i32>(x, y), 0).a);
    }
  }
  return vec4<f32>(-nearest);
}
