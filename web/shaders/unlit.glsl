// Fragment stage of the material kind "unlit": base colour and emission are radiance.
void main() {
  uint bound = uint(material.extra.z);
  vec4 base = v_color;
  if ((bound & HAS_BASE_COLOR) != 0u) {
    base *= texture(base_color_texture, v_uv);
  }
  if (MASK) {
    if (base.a < material.emissive.w) {
      discard;
    }
  }
  out_color = vec4(tone_map(apply_fog(base.rgb + material.emissive.rgb, v_position)), BLEND ? base.a : 1.0);
}
