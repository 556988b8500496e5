// Fragment stage of the material kind "unlit": base colour and emission are radiance.
@fragment
fn fragment_main(in: Varyings) -> Seen {
  adapted_ev = in.adapted_ev;
  let bound = material.bound;
  var base = in.color;
  if ((bound & HAS_BASE_COLOR) != 0u) {
    base *= textureSampleBias(base_color_texture, base_color_sampler, base_uv(in), frame.upscale.y);
  }
  let opacity = opacity_of(base.a, material.alpha_cutoff);
  if (FADES && faded(in.fade, in.clip.xy)) {
    discard;
  }
  return seen_light(apply_fog(base.rgb + material.emissive * material.emissive_strength, in.position), opacity, in.position, in.row);
}
