// The vertex stage's entry where joints and morphs move vertices.
@vertex
fn vertex_posed(in: PosedIn) -> Varyings {
  let pose = posed(in);
  return placed(unposed(in), pose.position, pose.normal, pose.tangent);
}
