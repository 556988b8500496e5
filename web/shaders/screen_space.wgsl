// Metres along the line of sight of what has this depth, of any projection; huge where nothing was drawn.
const FARTHEST_M = 1.0e30;

fn sight_depth(d: f32) -> f32 {
  let back = frame.inverse_view_projection;
  let place = back[2] * d + back[3];
  return select(dot(sight_direction(), place.xyz) / place.w, FARTHEST_M, d <= 0.0);
}

fn sight_direction() -> vec3<f32> {
  let m = frame.view_projection;
  return normalize(vec3<f32>(m[0].w - m[0].z, m[1].w - m[1].z, m[2].w - m[2].z));
}

// Of a place relative to the camera: metres along the line of sight, and where it is in clip space.
fn sight_of(p: vec3<f32>) -> f32 {
  return dot(sight_direction(), p);
}

fn clip_of(p: vec3<f32>) -> vec4<f32> {
  return frame.view_projection * vec4<f32>(p, 1.0);
}

// The place, relative to the camera, of what has this depth at uv; very far where nothing was drawn.
fn place_at(uv: vec2<f32>, d: f32) -> vec3<f32> {
  let ndc = uv * vec2<f32>(2.0, -2.0) + vec2<f32>(-1.0, 1.0);
  let p = frame.inverse_view_projection * vec4<f32>(ndc, max(d, 1e-12), 1.0);
  return p.xyz / p.w;
}

// The radius that a lens spreads what has this depth over, in texels of a picture of half the size; below 0: it is nearer
// than what is sharp.
fn blur_radius(d: f32) -> f32 {
  return clamp(frame.focus.y * (1.0 - frame.focus.x / max(sight_depth(d), 1e-20)), -frame.focus.z, frame.focus.z);
}
