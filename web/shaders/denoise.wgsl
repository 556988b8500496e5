// The mean of a tile's 16 angles around each texel, on its own surface; each of the 4 x 4 counts the same: those at the ends
// of 5 are the same one, half each. The result is packed as screen_pack.wgsl says.
@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let size = vec2<f32>(textureDimensions(occluded));
  let last = vec2<i32>(size) - 1;
  let texel = texel_of(in, size);
  let d = textureLoad(half_depth, texel, 0);
  let here = sight_depth(d);
  if (d <= 0.0) {
    return packed_screen(1.0, 1.0, vec2<f32>(0.0, 1.0), FARTHEST_M);
  }
  // How depth changes along the surface: by the smaller of both sides.
  let l = sight_depth(textureLoad(half_depth, max(texel - vec2<i32>(1, 0), vec2<i32>(0)), 0)) - here;
  let r = sight_depth(textureLoad(half_depth, min(texel + vec2<i32>(1, 0), last), 0)) - here;
  let u = sight_depth(textureLoad(half_depth, max(texel - vec2<i32>(0, 1), vec2<i32>(0)), 0)) - here;
  let b = sight_depth(textureLoad(half_depth, min(texel + vec2<i32>(0, 1), last), 0)) - here;
  let slope = vec2<f32>(select(r, -l, abs(l) < abs(r)), select(b, -u, abs(u) < abs(b)));
  let tolerance = 0.01 * here + 0.25 * (abs(slope.x) + abs(slope.y));
  var sum = vec4<f32>(0.0);
  var bent = vec3<f32>(0.0);
  var weights = 0.0;
  for (var y = -2; y <= 2; y++) {
    for (var x = -2; x <= 2; x++) {
      let at = clamp(texel + vec2<i32>(x, y), vec2<i32>(0), last);
      let off = sight_depth(textureLoad(half_depth, at, 0)) - here - dot(slope, vec2<f32>(at - texel));
      let edge = select(1.0, 0.5, abs(x) == 2) * select(1.0, 0.5, abs(y) == 2);
      let weight = edge * saturate(2.0 - abs(off) / tolerance);
      let c = textureLoad(occluded, at, 0);
      sum += c * weight;
      bent += octahedral(c.gb) * weight;
      weights += weight;
    }
  }
  let mean = sum / max(weights, 1e-4);
  let direction = normalize(bent + vec3<f32>(0.0, 1e-6, 0.0));
  return packed_screen(mean.r, mean.a, to_octahedral(direction), here);
}
