// Where an instance's row puts a point.
fn rotate(q: vec4<f32>, v: vec3<f32>) -> vec3<f32> {
  let t = 2.0 * cross(q.xyz, v);
  return v + q.w * t + cross(q.xyz, t);
}

// A row's scale and shear: the upper triangle T of kernels/geometry/transform.h, applied before the rotation.
fn stretched(scale: vec3<f32>, shear: vec3<f32>, v: vec3<f32>) -> vec3<f32> {
  return vec3<f32>(scale.x * v.x + shear.x * v.y + shear.y * v.z, scale.y * v.y + shear.z * v.z, scale.z * v.z);
}

// Its shear; most scenes have none and don't look.
fn shear_used(row: u32) -> vec3<f32> {
  if (frame.pattern_camera.w > 0.0) {
    return shear_of(row);
  }
  return vec3<f32>(0.0);
}

// A place relative to the camera, of a row's turned and stretched point and the row's position.
fn from_camera(local: vec3<f32>, origin: vec3<f32>) -> vec3<f32> {
  if ((draw.flags.x & DRAW_CAMERA_RELATIVE) != 0u) {
    return local + origin + frame.relative_origin.xyz;
  }
  return local + (origin - frame.camera_hi.xyz) - frame.camera_lo.xyz;
}

fn srgb_to_linear(c: vec3<f32>) -> vec3<f32> {
  let low = c / 12.92;
  let high = pow((c + 0.055) / 1.055, vec3<f32>(2.4));
  return select(high, low, c <= vec3<f32>(0.04045));
}
