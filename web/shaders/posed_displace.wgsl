// The vertex stage's entry where joints and morphs move vertices, and a program's shader moves them on.
@vertex
fn vertex_posed(in: PosedIn) -> Varyings {
  let pose = posed(in);
  let scale = material.uv_scale;
  let given = DisplaceIn(pose.position, pose.normal, in.uv * scale, in.uv1 * scale, in.color, frame.camera_hi.w, in.row);
  return placed(unposed(in), displace(given), pose.normal, pose.tangent);
}
