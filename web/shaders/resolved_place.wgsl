// The place that a texel of the resolved picture shows, from the camera; w = 0 where nothing was drawn.
fn surface_at(texel: vec2<i32>) -> vec4<f32> {
  let side = vec2<i32>(textureDimensions(depth));
  let at = clamp(texel, vec2<i32>(0), side - 1);
  let value = textureLoad(depth, at, 0);
  let ndc = (vec2<f32>(at) + 0.5) / vec2<f32>(side) * vec2<f32>(2.0, -2.0) + vec2<f32>(-1.0, 1.0);
  let p = frame.inverse_view_projection * vec4<f32>(ndc, max(value, 1e-12), 1.0);
  return vec4<f32>(p.xyz / p.w, select(0.0, 1.0, value > 0.0));
}

// How the surface goes on to one side of p: to that neighbour whose depth differs less, so that edges don't count.
fn slope_at(texel: vec2<i32>, step: vec2<i32>, p: vec3<f32>) -> vec3<f32> {
  let after = surface_at(texel + step);
  let before = surface_at(texel - step);
  let forward = after.xyz - p;
  let backward = p - before.xyz;
  let depths = vec2<f32>(abs(depth_of(forward)), abs(depth_of(backward)));
  return select(backward, forward, (depths.x <= depths.y && after.w > 0.0) || before.w == 0.0);
}

// Which way the surface at p faces: unit, towards the camera.
fn facing_of(right: vec3<f32>, down: vec3<f32>, p: vec3<f32>) -> vec3<f32> {
  var n = cross(down, right);
  n *= inverseSqrt(max(dot(n, n), 1e-30));
  return n * select(-1.0, 1.0, dot(n, p) <= 0.0);
}
