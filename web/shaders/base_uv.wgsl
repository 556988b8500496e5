// Where the base colour is looked up by what reads no other texture; see uv_of.
fn base_uv(in: Varyings) -> vec2<f32> {
  let at = vec3<f32>(in.uv, 1.0);
  return vec2<f32>(dot(material.uv[UV_BASE_COLOR].xyz, at), dot(material.uv[UV_BASE_COLOR + 1u].xyz, at));
}
