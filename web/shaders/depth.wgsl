// Fragment stage of the shadow pass: only holes of masked materials need it.
@fragment
fn fragment_main(in: Varyings) {
  if (MASK) {
    var alpha = in.color.a;
    if ((material.bound & HAS_BASE_COLOR) != 0u) {
      alpha *= textureSample(base_color_texture, base_color_sampler, base_uv(in)).a;
    }
    if (alpha < material.alpha_cutoff - CUTOFF_ROUNDING) {
      discard;
    }
  }
  if (FADES && faded(in.fade, in.clip.xy)) {
    discard;
  }
}
