// Half the size: light, and the radius that a lens spreads it over: texels, below 0 nearer than what is sharp.
@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let size = vec2<f32>(textureDimensions(hdr));
  let last = vec2<i32>(size) - 1;
  let corner = vec2<i32>(uv_of(in) * floor(size * 0.5)) * 2;
  var radii = vec4<f32>(0.0);
  var colors = array<vec3<f32>, 4>();
  for (var n = 0; n < 4; n++) {
    let at = min(corner + vec2<i32>(n & 1, n >> 1u), last);
    colors[n] = textureLoad(hdr, at, 0).rgb;
    // There may be fewer texels of depth than of light.
    let there = vec2<i32>((vec2<f32>(at) + 0.5) / size * vec2<f32>(textureDimensions(depth)));
    radii[n] = blur_radius(textureLoad(depth, there, 0));
  }
  // What is nearest decides, and only what is about as near gives colour: else edges would glow.
  let nearest = min(min(radii.x, radii.y), min(radii.z, radii.w));
  var sum = vec3<f32>(0.0);
  var weights = 0.0;
  for (var n = 0; n < 4; n++) {
    let weight = saturate(1.5 - abs(radii[n] - nearest));
    sum += colors[n] * weight;
    weights += weight;
  }
  return vec4<f32>(sum / weights, nearest);
}
