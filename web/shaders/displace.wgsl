// The vertex stage's entry where a program's shader moves vertices.
struct DisplaceIn {
  position: vec3<f32>, // in the mesh's own axes, metres
  normal: vec3<f32>,
  uv: vec2<f32>,
  uv1: vec2<f32>,
  color: vec4<f32>, // the vertex's own, linear
  time: f32, // seconds
  instance: u32,
}

@vertex
fn vertex_main(in: VertexIn) -> Varyings {
  let scale = material.uv_scale;
  let given = DisplaceIn(in.position, octahedral(in.normal), in.uv * scale, in.uv1 * scale, in.color, frame.camera_hi.w, in.row);
  return placed(in, displace(given), octahedral(in.normal), in.tangent);
}
