// A side of the cube around a probe: what its view has drawn, without the view's exposure, beside the other sides.
@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let at = vec2<i32>(uv_of(in) * vec2<f32>(6.0 * f32(FACE), f32(FACE)));
  let side = i32(frame.probe_job.y);
  let texel = at - vec2<i32>(i32(frame.probe_job.x) * side, 0);
  if (texel.x < 0 || texel.x >= side || texel.y >= side) {
    discard;
  }
  let c = textureLoad(hdr, texel, 0).rgb / max(frame.camera_lo.w, 1e-20);
  return vec4<f32>(min(c, vec3<f32>(6.0e4)), 1.0);
}
