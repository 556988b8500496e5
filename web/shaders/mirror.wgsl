// What is opaque, mirrored in what blends: for each place of its surface, taken as flat as its mesh, what trace.wgsl finds. The
// rest is sky.
@fragment
fn fragment_main(in: Varyings, @builtin(front_facing) front: bool) -> @location(0) vec4<f32> {
  let p = in.position;
  let here = clip_of(p);
  if (opaque_depth(here.xy / here.w) > here.z / here.w) { // something opaque hides it
    discard;
  }
  let n = normalize(in.normal) * select(-1.0, 1.0, front);
  return traced(here, reflect(normalize(p), n), interleaved_noise(floor(in.clip.xy)));
}
