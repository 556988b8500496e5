// The vertex stage's entry where vertices stay where the mesh has them.
@vertex
fn vertex_main(in: VertexIn) -> Varyings {
  return placed(in, in.position, octahedral(in.normal), in.tangent);
}
