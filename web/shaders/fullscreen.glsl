// Vertex stage of the passes that cover the whole target with one triangle.
out vec2 v_ndc;

void main() {
  v_ndc = vec2(float((gl_VertexID << 1) & 2), float(gl_VertexID & 2)) * 2.0 - 1.0;
  gl_Position = to_gl_clip(vec4(v_ndc, 0.0, 1.0));
}
