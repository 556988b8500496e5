// The instance columns (gpu/spec.py: COLUMNS) as storage buffers. rows.webgl2.wgsl has the same functions for textures.
@group(0) @binding(1) var<storage, read> row_position: array<f32>;
@group(0) @binding(2) var<storage, read> row_rotation: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> row_scale: array<f32>;
@group(0) @binding(4) var<storage, read> row_color: array<u32>;
@group(0) @binding(5) var<storage, read> row_shear: array<f32>;

fn position_of(row: u32) -> vec3<f32> {
  return vec3<f32>(row_position[3u * row], row_position[3u * row + 1u], row_position[3u * row + 2u]);
}

fn rotation_of(row: u32) -> vec4<f32> {
  return row_rotation[row];
}

fn scale_of(row: u32) -> vec3<f32> {
  return vec3<f32>(row_scale[3u * row], row_scale[3u * row + 1u], row_scale[3u * row + 2u]);
}

fn shear_of(row: u32) -> vec3<f32> {
  return vec3<f32>(row_shear[3u * row], row_shear[3u * row + 1u], row_shear[3u * row + 2u]);
}

fn color_of(row: u32) -> vec4<f32> {
  return unpack4x8unorm(row_color[row]);
}
