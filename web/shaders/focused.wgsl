// Puts what is blurred over the sharp picture: alpha is its share. A tent of 3 x 3 hides where single points were gathered.
fn tent_far(uv: vec2<f32>, t: vec2<f32>) -> vec4<f32> {
  return (textureSampleLevel(far_blur, linear_sampler, uv + vec2<f32>(-t.x, -t.y), 0.0)
    + textureSampleLevel(far_blur, linear_sampler, uv + vec2<f32>(t.x, -t.y), 0.0)
    + textureSampleLevel(far_blur, linear_sampler, uv + vec2<f32>(-t.x, t.y), 0.0)
    + textureSampleLevel(far_blur, linear_sampler, uv + t, 0.0)) * 0.25;
}

fn tent_near(uv: vec2<f32>, t: vec2<f32>) -> vec4<f32> {
  var sum = vec4<f32>(0.0);
  for (var n = 0; n < 4; n++) {
    let offset = vec2<f32>(f32(n & 1) * 2.0 - 1.0, f32(n >> 1u) * 2.0 - 1.0) * t;
    let c = textureSampleLevel(near_blur, linear_sampler, uv + offset, 0.0);
    sum += vec4<f32>(c.rgb * c.a, c.a);
  }
  return vec4<f32>(sum.rgb / max(sum.a, 1e-4), sum.a * 0.25);
}

@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let uv = uv_of(in);
  let t = 0.5 / vec2<f32>(textureDimensions(far_blur));
  let radius = blur_radius(textureLoad(depth, texel_of(in, vec2<f32>(textureDimensions(depth))), 0));
  let far = tent_far(uv, t);
  let near = tent_near(uv, t);
  let behind = smoothstep(0.25, 1.0, radius) * (1.0 - near.a);
  let share = behind + near.a;
  return vec4<f32>((far.rgb * behind + near.rgb * near.a) / max(share, 1e-4), share);
}
