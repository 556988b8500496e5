// Of passes of what blends: `screen` is what mirror.wgsl found, and not what hides the sky. Light at p, mirrored towards the
// camera by a surface that a wave has turned from `geometric` to `normal`; alpha: how much of it is known.
fn mirrored_scene(p: vec3<f32>, geometric: vec3<f32>, normal: vec3<f32>) -> vec4<f32> {
  if (!MIRRORED || frame.ambient.w <= 0.0) {
    return vec4<f32>(0.0);
  }
  let m = frame.view_projection;
  let clip = m * vec4<f32>(p, 1.0);
  let plain = m * vec4<f32>(reflect(normalize(p), geometric), 0.0);
  let turned = m * vec4<f32>(reflect(normalize(p), normal), 0.0);
  let uv = clip.xy / clip.w * vec2<f32>(0.5, -0.5) + 0.5;
  var off = vec2<f32>(0.0);
  if (plain.w > 1e-3 && turned.w > 1e-3) {
    off = clamp((turned.xy / turned.w - plain.xy / plain.w) * vec2<f32>(0.25, -0.25), vec2<f32>(-0.06), vec2<f32>(0.06));
  }
  let here = textureSampleLevel(screen, linear_sampler, uv, 0.0);
  let beside = textureSampleLevel(screen, linear_sampler, uv + off, 0.0);
  let c = mix(here, beside, saturate(beside.a * 4.0));
  return vec4<f32>(c.rgb / max(frame.camera_lo.w * exp2(adapted_ev), 1e-20), c.a);
}
