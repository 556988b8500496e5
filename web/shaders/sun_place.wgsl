// Where the sun is in the picture: 0 to 1 from the upper left; z: 1 where it is in front of the camera.
fn sun_place() -> vec3<f32> {
  let clip = frame.view_projection * vec4<f32>(frame.sun_direction.xyz, 0.0);
  let front = clip.w > 1e-4;
  return vec3<f32>(clip.xy * vec2<f32>(0.5, -0.5) / select(1.0, clip.w, front) + 0.5, f32(front));
}
