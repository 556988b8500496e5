// What `step` found becomes what is.
@fragment
fn fragment_main(in: UnitVaryings) -> Motes {
  let texel = vec2<i32>(in.clip.xy);
  return Motes(textureLoad(next_place, texel, 0), textureLoad(next_motion, texel, 0));
}
