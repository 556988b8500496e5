// A filmic curve: toe, straight part, shoulder (Uchimura, "HDR theory and practice", CEDEC 2017), per channel after a
// little crosstalk, so that very bright saturated light goes towards white as film does.
fn tone_map(radiance: vec3<f32>) -> vec3<f32> {
  let exposed = max(radiance * frame.camera_lo.w, vec3<f32>(0.0));
  let x = mix(exposed, vec3<f32>(dot(exposed, vec3<f32>(0.2126, 0.7152, 0.0722))), 0.06);
  let middle = 0.22;
  let shoulder = 0.532; // middle + (1 - middle) * 0.4, where the straight part ends
  let toe = middle * pow(x / middle, vec3<f32>(1.25));
  let top = 1.0 - (1.0 - shoulder) * exp((shoulder - x) / (1.0 - shoulder));
  let in_toe = 1.0 - smoothstep(vec3<f32>(0.0), vec3<f32>(middle), x);
  let in_top = step(vec3<f32>(shoulder), x);
  return clamp(toe * in_toe + x * (1.0 - in_toe - in_top) + top * in_top, vec3<f32>(0.0), vec3<f32>(1.0));
}
