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
