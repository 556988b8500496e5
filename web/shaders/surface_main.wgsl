// Fragment stage of whatever says what its surface is: lights it, or shows it as it is.
@fragment
fn fragment_main(in: Varyings, @builtin(front_facing) front: bool) -> Seen {
  let given = surface_in(in, front);
  let s = surface(given);
  let alpha = s.base_color.a * s.alpha;
  let opacity = opacity_of(alpha, material.alpha_cutoff);
  var radiance = s.base_color.rgb;
  if (!s.unlit) {
    let lit = LitSurface(s.base_color.rgb, s.normal, saturate(s.metallic), clamp(s.roughness, 0.045, 1.0), s.occlusion);
    radiance = shade(lit, in.position, given.normal);
  }
  return seen_light(apply_fog(radiance + s.emissive, in.position), opacity, in.position, in.row);
}
