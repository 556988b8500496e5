// The target `screen`, of half the size, in four halves: the shares of the sky (7 bits) and of the sun (4 bits) in the eleven
// bits of the first; the open direction, octahedral; how far it is along the line of sight, in radii of the occlusion.
const FARTHEST_RADII = 6.0e4;

fn packed_screen(sky: f32, sun: f32, bent: vec2<f32>, away: f32) -> vec4<f32> {
  let both = floor(saturate(sky) * 127.0 + 0.5) * 16.0 + floor(saturate(sun) * 15.0 + 0.5);
  return vec4<f32>(both, bent, min(away / frame.ambient.y, FARTHEST_RADII));
}
