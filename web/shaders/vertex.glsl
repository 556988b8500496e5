// The vertex stage of every mesh pass: fetches the instance's row, places the vertex relative to the camera.
layout(location = 0) in vec3 in_position;
layout(location = 1) in vec2 in_normal;
layout(location = 2) in vec4 in_tangent;
layout(location = 3) in vec2 in_uv;
layout(location = 4) in vec4 in_color;
layout(location = 5) in uint in_row;

out vec3 v_position;
out vec3 v_normal;
out vec4 v_tangent;
out vec2 v_uv;
out vec4 v_color;

vec3 rotate(vec4 q, vec3 v) {
  vec3 t = 2.0 * cross(q.xyz, v);
  return v + q.w * t + cross(q.xyz, t);
}

// Octahedral unit vectors (Cigolle et al. 2014).
vec3 octahedral(vec2 e) {
  vec3 n = vec3(e, 1.0 - abs(e.x) - abs(e.y));
  float fold = max(-n.z, 0.0);
  float x = n.x >= 0.0 ? n.x - fold : n.x + fold;
  float y = n.y >= 0.0 ? n.y - fold : n.y + fold;
  return normalize(vec3(x, y, n.z));
}

vec3 srgb_to_linear(vec3 c) {
  vec3 low = c / 12.92;
  vec3 high = pow((c + 0.055) / 1.055, vec3(2.4));
  return mix(high, low, lessThanEqual(c, vec3(0.04045)));
}

// Sways what is high above the instance's foot; neighbours move with a lag along the wind.
vec3 wind_offset(vec3 local, vec3 foot) {
  float height = max(local.y, 0.0);
  float amount = frame.wind.z * material.extra.x * height * height / (height + 4.0);
  float lag = dot(foot.xz, vec2(0.13, 0.17));
  float t = frame.camera_hi.w * frame.wind.w * 2.0 * PI;
  float gust = 0.55 + 0.3 * sin(t + lag) + 0.15 * sin(2.3 * t + 3.1 * lag + local.x);
  float flutter = 0.08 * sin(5.7 * t + 2.0 * (local.x + local.z) + lag);
  vec3 along = vec3(frame.wind.x, 0.0, frame.wind.y);
  vec3 across = vec3(-frame.wind.y, 0.0, frame.wind.x);
  return amount * (along * gust + across * flutter);
}

void main() {
  ivec2 texel = ivec2(int(in_row & 1023u), int(in_row >> 10u));
  vec3 origin = texelFetch(row_position, texel, 0).xyz;
  vec4 rotation = texelFetch(row_rotation, texel, 0);
  vec3 scale = texelFetch(row_scale, texel, 0).xyz;
  vec4 tint = texelFetch(row_color, texel, 0);
  vec3 local = rotate(rotation, scale * in_position);
  if (WIND) {
    local += wind_offset(local, origin);
  }
  vec3 p = local + (origin - frame.camera_hi.xyz) - frame.camera_lo.xyz;
  if ((draw.flags.x & 1u) != 0u) {
    p = local + origin;
  }
  if (SHADOW_PASS) {
    vec4 q = frame.shadow_matrix * vec4(p, 1.0);
    gl_Position = vec4(2.0 * q.x - 1.0, 1.0 - 2.0 * q.y, q.z, 1.0);
  } else {
    gl_Position = frame.view_projection * vec4(p, 1.0);
  }
  gl_PointSize = 1.0;
  gl_Position = to_gl_clip(gl_Position);
  vec3 inverse_scale = 1.0 / mix(scale, vec3(1e-6), lessThan(abs(scale), vec3(1e-6)));
  v_position = p;
  v_normal = rotate(rotation, octahedral(in_normal) * inverse_scale * sign(scale.x * scale.y * scale.z));
  v_tangent = vec4(rotate(rotation, in_tangent.xyz * scale), in_tangent.w);
  v_uv = in_uv * material.detail.xy;
  v_color = in_color * vec4(srgb_to_linear(tint.rgb), tint.a) * material.base_color;
}
