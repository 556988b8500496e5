// The uniform blocks (gpu/spec.py: FRAME_BLOCK, MATERIAL_BLOCK) and the bindings of every mesh pass.
layout(std140) uniform FrameBlock {
  mat4 view_projection;
  mat4 inverse_view_projection;
  vec4 camera_hi;
  vec4 camera_lo;
  vec4 sun_direction;
  vec4 sun_color;
  vec4 sky_zenith;
  vec4 sky_horizon;
  vec4 sky_ground;
  vec4 fog_color;
  vec4 fog_params;
  vec4 viewport;
  vec4 irradiance[9];
  vec4 wind;
  mat4 shadow_matrix;
  vec4 shadow_params;
  vec4 pattern_camera;
} frame;

layout(std140) uniform MaterialBlock {
  vec4 base_color;
  vec4 emissive;
  vec4 surface;
  vec4 detail;
  vec4 extra; // z = which textures are bound (bits in the order below), filled in by the backend
} material;

layout(std140) uniform DrawBlock {
  uvec4 flags; // x = DRAW_* of the draw list's record
} draw;

uniform sampler2D row_position; // 1024 texels wide
uniform sampler2D row_rotation;
uniform sampler2D row_scale;
uniform sampler2D row_color;

uniform sampler2D base_color_texture;
uniform sampler2D metallic_roughness_texture;
uniform sampler2D normal_texture;
uniform sampler2D occlusion_texture;
uniform sampler2D emissive_texture;

uniform sampler2DShadow shadow_texture;

const float PI = 3.14159265358979;
const uint HAS_BASE_COLOR = 1u;
const uint HAS_METALLIC_ROUGHNESS = 2u;
const uint HAS_NORMAL = 4u;
const uint HAS_OCCLUSION = 8u;
const uint HAS_EMISSIVE = 16u;

float saturate(float x) { return clamp(x, 0.0, 1.0); }

// Where a pattern in space is looked up: float32 scene positions would tear it apart far from the origin.
vec3 pattern_position(vec3 p) {
  return p + frame.pattern_camera.xyz;
}
