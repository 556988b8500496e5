// Octahedral unit vectors (Cigolle et al. 2014).
fn octahedral(e: vec2<f32>) -> vec3<f32> {
  let n = vec3<f32>(e, 1.0 - abs(e.x) - abs(e.y));
  let fold = max(-n.z, 0.0);
  let x = select(n.x + fold, n.x - fold, n.x >= 0.0);
  let y = select(n.y + fold, n.y - fold, n.y >= 0.0);
  return normalize(vec3<f32>(x, y, n.z));
}

fn to_octahedral(n: vec3<f32>) -> vec2<f32> {
  let e = n.xy / (abs(n.x) + abs(n.y) + abs(n.z));
  let folded = (vec2<f32>(1.0) - abs(e.yx)) * select(vec2<f32>(-1.0), vec2<f32>(1.0), e >= vec2<f32>(0.0));
  return select(e, folded, n.z < 0.0);
}
