// Vertex stage of the passes that cover the whole target with one triangle.
struct FullscreenVaryings {
  @builtin(position) clip: vec4<f32>,
  @location(0) ndc: vec2<f32>,
}

@vertex
fn vertex_main(@builtin(vertex_index) index: u32) -> FullscreenVaryings {
  let ndc = vec2<f32>(f32((index << 1u) & 2u), f32(index & 2u)) * 2.0 - 1.0;
  return FullscreenVaryings(vec4<f32>(ndc, 0.0, 1.0), ndc);
}

// Where the fragment lies in a target as large as the view, from its upper left corner: 0 to 1, or texels of `size`.
fn uv_of(in: FullscreenVaryings) -> vec2<f32> {
  return in.ndc * vec2<f32>(0.5, -0.5) + 0.5;
}

fn texel_of(in: FullscreenVaryings, size: vec2<f32>) -> vec2<i32> {
  return vec2<i32>(uv_of(in) * size);
}
