// Clouds before the sky that something smooth mirrors: the slab as one sheet, looked up once. Their edges are wide: waves of
// one size alone would draw the outlines of sharp ones.
fn with_mirrored_clouds(direction: vec3<f32>, sky: vec3<f32>) -> vec3<f32> {
  let eye = frame.camera_hi.xyz + frame.camera_lo.xyz;
  let up = frame.clouds.y + 0.35 * frame.clouds.z - eye.y;
  if (!is_air() || frame.clouds.x <= 0.0 || direction.y <= 0.01 || up <= 0.0) {
    return sky;
  }
  let way = up / direction.y;
  let least = mix(0.82, 0.16, frame.clouds.x);
  let shape = cloud_texel((eye.xz + direction.xz * way - frame.cloud_drift.xy) / CLOUD_PERIOD_M);
  let cover = smoothstep(least - 0.12, least + 0.55, shape);
  let opaque = 1.0 - exp(-1.6 * frame.clouds.w * cover);
  // As skypass.wgsl lights a cloud's middle.
  let deep = frame.clouds.w * (0.6 + 1.2 * cover);
  let c = dot(direction, frame.sun_direction.xyz);
  let ahead = 0.51 / pow(max(1.49 - 1.4 * c, 1e-3), 1.5);
  let lit = frame.sun_color.rgb * ((0.3 + 0.5 * ahead) * exp(-1.6 * deep) + 0.5 * exp(-0.35 * deep)) * 0.10;
  let around = mix(sky_irradiance(vec3<f32>(0.0, -1.0, 0.0)), sky_irradiance(vec3<f32>(0.0, 1.0, 0.0)), 0.6);
  let shine = lit + around * (0.65 * exp(-0.25 * deep));
  // Clouds that close the sky are in it already (air_mirror.wgsl).
  let share = opaque * exp(-way / 45000.0) * smoothstep(0.01, 0.09, direction.y) * (1.0 - frame.overcast.w);
  return mix(sky, shine, share);
}
