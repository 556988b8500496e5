// Weighted blended order-independent transparency (McGuire and Bavoil 2013): of what blends over a pixel the mean by weight
// is laid over what is behind all of it, which is what the layers let through together.
@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let texel = texel_of(in, vec2<f32>(textureDimensions(behind)));
  let sum = textureLoad(blended, texel, 0);
  let weights = textureLoad(blend_weights, texel, 0).rg;
  let mean = vec4<f32>(sum.rgb, weights.y) / max(weights.x, 1e-7);
  return mix(mean, textureLoad(behind, texel, 0), sum.a);
}
