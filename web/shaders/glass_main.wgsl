// Fragment stage of the material kind "glass": what it reflects, and what is seen through it. Haze before what is behind it is
// in the copy already.
@fragment
fn fragment_main(in: Varyings, @builtin(front_facing) front: bool) -> Seen {
  adapted_ev = in.adapted_ev;
  let given = surface_in(in, front);
  let s = surface(given);
  let opacity = opacity_of(s.base_color.a * s.alpha, material.alpha_cutoff);
  var lit = lit_surface(s, given.view);
  let wet = wetted(lit.base_color, lit.roughness, lit.normal, lit.metallic, in.position, given.normal);
  lit.base_color = wet.color;
  lit.roughness = max(wet.roughness, ROUGHNESS_MIN);
  lit.normal = wet.normal;
  let own = shade(lit, in.position, given.normal) + s.emissive * lit.under_coat;
  let fit = environment_brdf(lit.roughness, saturate(dot(lit.normal, given.view)));
  let entering = max(vec3<f32>(1.0) - (lit.f0 * fit.x + lit.f90 * fit.y), vec3<f32>(0.0));
  let clear = entering * (saturate(s.transmission) * (1.0 - lit.metallic) * lit.under_coat * lit.under_sheen);
  let haze = haze_before(in.position);
  if (COPIED) {
    let behind = seen_through(s, given.view, max(s.thickness, 0.0) * in.scale, in.position) * clear;
    let light = own * haze.a + haze.rgb * (1.0 - largest(clear)) + behind;
    return seen_light(light, opacity, in.position, in.row);
  }
  // Without a copy, it is as if it had no thickness: what is behind is seen through it, as far as it does not mirror.
  let kept = max(1.0 - largest(clear * s.base_color.rgb), 1e-2);
  return seen_light(own / kept * haze.a + haze.rgb, opacity * kept, in.position, in.row);
}
