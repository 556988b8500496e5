// Fragment stage of whatever says what its surface is: lights it, or shows it as it is.
@fragment
fn fragment_main(in: Varyings, @builtin(front_facing) front: bool) -> Seen {
  adapted_ev = in.adapted_ev;
  let given = surface_in(in, front);
  let s = surface(given);
  let alpha = s.base_color.a * s.alpha;
  var opacity = opacity_of(alpha, material.alpha_cutoff);
  var radiance = s.base_color.rgb;
  var emitted = s.emissive;
  if (!s.unlit) {
    var lit = lit_surface(s, given.view);
    let wet = wetted(lit.base_color, lit.roughness, lit.normal, lit.metallic, in.position, given.normal);
    lit.base_color = wet.color;
    lit.roughness = max(wet.roughness, ROUGHNESS_MIN);
    lit.normal = wet.normal;
    radiance = shade(lit, in.position, given.normal);
    emitted *= lit.under_coat;
    if (LAYERED && BLEND) { // glass without thickness: what is behind is seen through it, as far as it does not mirror
      let fit = environment_brdf(lit.roughness, saturate(dot(lit.normal, given.view)));
      let clear = saturate(s.transmission) * (1.0 - lit.metallic) * (1.0 - saturate(largest(lit.f0 * fit.x + fit.y)));
      let kept = max(1.0 - clear, 1e-2);
      radiance /= kept;
      emitted /= kept;
      opacity *= kept;
    }
  }
  if (FADES && faded(in.fade, in.clip.xy)) {
    discard;
  }
  return seen_light(apply_fog(radiance + emitted, in.position), opacity, in.position, in.row);
}
