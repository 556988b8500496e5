// Fragment stage of the shadow pass for a program's own shader: only holes need it.
@fragment
fn depth_main(in: Varyings, @builtin(front_facing) front: bool) {
  if (MASK) {
    let s = surface(surface_in(in, front));
    if (s.base_color.a * s.alpha < material.alpha_cutoff - CUTOFF_ROUNDING) {
      discard;
    }
  }
  if (FADES && faded(in.fade, in.clip.xy)) {
    discard;
  }
}
