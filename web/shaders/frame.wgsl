// The uniform blocks (gpu/spec.py: FRAME_BLOCK, MATERIAL_BLOCK) and the bindings of every mesh pass.
struct FrameBlock {
  view_projection: mat4x4<f32>,
  inverse_view_projection: mat4x4<f32>,
  camera_hi: vec4<f32>,
  camera_lo: vec4<f32>,
  sun_direction: vec4<f32>,
  sun_color: vec4<f32>,
  sky_zenith: vec4<f32>,
  sky_horizon: vec4<f32>,
  sky_ground: vec4<f32>,
  fog_color: vec4<f32>,
  fog_params: vec4<f32>,
  viewport: vec4<f32>,
  irradiance: array<vec4<f32>, 9>,
  wind: vec4<f32>,
  shadow_matrix: mat4x4<f32>,
  shadow_params: vec4<f32>,
  pattern_camera: vec4<f32>,
}

struct MaterialBlock {
  base_color: vec4<f32>,
  emissive: vec4<f32>,
  surface: vec4<f32>,
  detail: vec4<f32>,
  extra: vec4<f32>, // z = which textures are bound (bits in the order below), filled in by the backend
}

struct DrawBlock {
  flags: vec4<u32>, // x = DRAW_* of the draw list's record
}

@group(0) @binding(0) var<uniform> frame: FrameBlock;
@group(0) @binding(1) var<storage, read> row_position: array<f32>;
@group(0) @binding(2) var<storage, read> row_rotation: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> row_scale: array<f32>;
@group(0) @binding(4) var<storage, read> row_color: array<u32>;

@group(1) @binding(0) var<uniform> material: MaterialBlock;
@group(1) @binding(1) var base_color_texture: texture_2d<f32>;
@group(1) @binding(2) var metallic_roughness_texture: texture_2d<f32>;
@group(1) @binding(3) var normal_texture: texture_2d<f32>;
@group(1) @binding(4) var occlusion_texture: texture_2d<f32>;
@group(1) @binding(5) var emissive_texture: texture_2d<f32>;
@group(1) @binding(6) var base_color_sampler: sampler;
@group(1) @binding(7) var metallic_roughness_sampler: sampler;
@group(1) @binding(8) var normal_sampler: sampler;
@group(1) @binding(9) var occlusion_sampler: sampler;
@group(1) @binding(10) var emissive_sampler: sampler;

@group(2) @binding(0) var<uniform> draw: DrawBlock;

@group(3) @binding(0) var shadow_texture: texture_depth_2d;
@group(3) @binding(1) var shadow_sampler: sampler_comparison;

const PI = 3.14159265358979;
const HAS_BASE_COLOR = 1u;
const HAS_METALLIC_ROUGHNESS = 2u;
const HAS_NORMAL = 4u;
const HAS_OCCLUSION = 8u;
const HAS_EMISSIVE = 16u;

// What the vertex shader hands to the fragment shader; position is camera-relative.
struct Varyings {
  @builtin(position) clip: vec4<f32>,
  @location(0) position: vec3<f32>,
  @location(1) normal: vec3<f32>,
  @location(2) tangent: vec4<f32>,
  @location(3) uv: vec2<f32>,
  @location(4) color: vec4<f32>,
}

// Where a pattern in space is looked up: float32 scene positions would tear it apart far from the origin.
fn pattern_position(p: vec3<f32>) -> vec3<f32> {
  return p + frame.pattern_camera.xyz;
}
