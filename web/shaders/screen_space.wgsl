// Metres along the line of sight of what has this depth, of any projection; huge where nothing was drawn.
const FARTHEST_M = 1.0e30;

fn sight_depth(d: f32) -> f32 {
  let m = frame.view_projection;
  let sight = normalize(vec3<f32>(m[0].w - m[0].z, m[1].w - m[1].z, m[2].w - m[2].z));
  let back = frame.inverse_view_projection;
  let place = back[2] * d + back[3];
  return select(dot(sight, place.xyz) / place.w, FARTHEST_M, d <= 0.0);
}

// The radius that a lens spreads what has this depth over, in texels of a picture of half the size; below 0: it is nearer
// than what is sharp.
fn blur_radius(d: f32) -> f32 {
  return clamp(frame.focus.y * (1.0 - frame.focus.x / max(sight_depth(d), 1e-20)), -frame.focus.z, frame.focus.z);
}
