// A picture of light all around, as the sky: its middle is ahead (-Z), its upper row above. It meets itself at its sides, which
// no sampler that clamps knows: the four texels around a place are read one by one.

fn is_panorama() -> bool {
  return frame.air.x > 1.5;
}

// wide: the solid angle that is looked at, steradians; 0: as sharp as it is.
fn panorama_light(direction: vec3<f32>, wide: f32) -> vec3<f32> {
  let whole = vec2<f32>(textureDimensions(panorama));
  let texel = 2.0 * PI * PI / max(whole.x * whole.y, 1.0); // at the horizon
  let level = clamp(round(0.5 * log2(max(wide / texel, 1.0))), 0.0, floor(log2(max(whole.y, 1.0))));
  let size = max(floor(whole * exp2(-level)), vec2<f32>(1.0));
  let flat = dot(direction.xz, direction.xz);
  let turn = atan2(direction.x, -direction.z + select(0.0, 1e-6, flat < 1e-10)) / (2.0 * PI) + frame.surroundings.y;
  let place = vec2<f32>(fract(turn + 0.5), acos(clamp(direction.y, -1.0, 1.0)) / PI) * size - 0.5;
  let low = floor(place);
  let part = place - low;
  let left = i32((low.x + size.x) % size.x);
  let right = i32((low.x + 1.0) % size.x);
  let upper = i32(clamp(low.y, 0.0, size.y - 1.0));
  let lower = i32(clamp(low.y + 1.0, 0.0, size.y - 1.0));
  let n = i32(level);
  let above = mix(textureLoad(panorama, vec2<i32>(left, upper), n).rgb, textureLoad(panorama, vec2<i32>(right, upper), n).rgb, part.x);
  let below = mix(textureLoad(panorama, vec2<i32>(left, lower), n).rgb, textureLoad(panorama, vec2<i32>(right, lower), n).rgb, part.x);
  return mix(above, below, part.y) * frame.surroundings.x;
}
