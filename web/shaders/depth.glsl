// Fragment stage of the shadow pass: only holes of masked materials need it.
void main() {
  if (MASK) {
    float alpha = v_color.a;
    if ((uint(material.extra.z) & HAS_BASE_COLOR) != 0u) {
      alpha *= texture(base_color_texture, v_uv).a;
    }
    if (alpha < material.emissive.w) {
      discard;
    }
  }
  out_color = vec4(1.0);
}
