// What a probe knows of the light around it: the mean of radiance, and of direction times radiance, over the six sides.
fn light_of(channel: i32) -> vec4<f32> {
  let side = i32(frame.probe_job.y);
  var sum = vec4<f32>(0.0);
  var weights = 0.0;
  for (var face = 0; face < 6; face++) {
    for (var y = 0; y < side; y++) {
      for (var x = 0; x < side; x++) {
        let at = (vec2<f32>(f32(x), f32(y)) + 0.5) / f32(side) * vec2<f32>(2.0, -2.0) + vec2<f32>(-1.0, 1.0);
        let way = side_direction(face, at);
        let square = dot(way, way);
        let weight = inverseSqrt(square) / square; // a texel's solid angle
        let c = textureLoad(probe_faces, vec2<i32>(face * side + x, y), 0);
        let light = select(select(c.b, c.g, channel == 1), c.r, channel == 0);
        sum += vec4<f32>(way * inverseSqrt(square), 1.0) * (light * weight);
        weights += weight;
      }
    }
  }
  return sum / weights;
}

@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let texel = floor(uv_of(in) * vec2<f32>(AIR_SIZE.x, frame.probe_state.w));
  var channel = -1;
  if (all(texel == frame.probe_job.zw)) {
    channel = 0;
  } else if (all(texel == frame.probe_places.xy)) {
    channel = 1;
  } else if (all(texel == frame.probe_places.zw)) {
    channel = 2;
  }
  var light = vec4<f32>(0.0);
  if (channel >= 0) { // what is discarded may go on as a helper: the work is here alone
    light = light_of(channel);
  } else {
    discard;
  }
  return light;
}
