// The instance columns (gpu/spec.py: COLUMNS) as textures, ROWS_STEP rows a line: WebGL2 has no storage buffers.
@group(0) @binding(1) var row_position: texture_2d<f32>;
@group(0) @binding(2) var row_rotation: texture_2d<f32>;
@group(0) @binding(3) var row_scale: texture_2d<f32>;
@group(0) @binding(4) var row_color: texture_2d<f32>;
@group(0) @binding(5) var row_shear: texture_2d<f32>;

fn texel_of(row: u32) -> vec2<u32> {
  return vec2<u32>(row % ROWS_STEP, row / ROWS_STEP);
}

fn position_of(row: u32) -> vec3<f32> {
  return textureLoad(row_position, texel_of(row), 0).xyz;
}

fn rotation_of(row: u32) -> vec4<f32> {
  return textureLoad(row_rotation, texel_of(row), 0);
}

fn scale_of(row: u32) -> vec3<f32> {
  return textureLoad(row_scale, texel_of(row), 0).xyz;
}

fn shear_of(row: u32) -> vec3<f32> {
  return textureLoad(row_shear, texel_of(row), 0).xyz;
}

fn color_of(row: u32) -> vec4<f32> {
  return textureLoad(row_color, texel_of(row), 0);
}
