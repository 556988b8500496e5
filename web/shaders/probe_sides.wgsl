// The sides of the cube around a probe, as frame/probes.py looks at them: along X, -X, Y, -Y, Z, -Z. at: -1 to 1, right and up.
fn side_direction(side: i32, at: vec2<f32>) -> vec3<f32> {
  let way = select(1.0, -1.0, (side & 1) == 1);
  if (side < 2) {
    return vec3<f32>(way, at.y, way * at.x);
  }
  if (side < 4) {
    return vec3<f32>(at.x, way, way * at.y);
  }
  return vec3<f32>(-way * at.x, at.y, way);
}
