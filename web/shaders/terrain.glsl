// Fragment stage of the material kind "terrain": a lit ground whose texture is too coarse near the camera, with noise
// by scene position on top, in colour and normal. Each octave fades out before a pixel becomes as wide as its bumps.
vec4 detail_octave(vec3 p, float wavelength_m, float footprint_m) {
  float keep = 1.0 - smoothstep(0.12, 0.45, footprint_m / wavelength_m);
  if (keep <= 0.0) {
    return vec4(0.0);
  }
  return noise3(p / wavelength_m) * keep;
}

void main() {
  uint bound = uint(material.extra.z);
  vec3 p = pattern_position(v_position);
  float across = length(dFdx(v_position));
  float along = length(dFdy(v_position));
  // Seen at a flat angle a pixel is long and narrow; its long side alone would blur too much.
  float footprint = pow(max(across, along), 0.65) * pow(min(across, along), 0.35);
  vec3 geometric = normalize(v_normal) * (gl_FrontFacing ? 1.0 : -1.0);
  vec3 base = v_color.rgb;
  if ((bound & HAS_BASE_COLOR) != 0u) {
    base *= texture(base_color_texture, v_uv).rgb;
  }
  float strength = material.detail.z;
  float scale = max(material.detail.w, 0.01);
  vec4 o1 = detail_octave(p, scale * 7.3, footprint);
  vec4 o2 = detail_octave(p + vec3(17.1, 3.7, 41.9), scale * 1.9, footprint);
  vec4 o3 = detail_octave(p + vec3(5.3, 29.3, 11.7), scale * 0.47, footprint);
  vec4 o4 = detail_octave(p + vec3(31.7, 13.1, 7.9), scale * 0.11, footprint);
  vec4 o5 = detail_octave(p + vec3(2.9, 19.7, 23.3), scale * 0.029, footprint);
  float slope = 1.0 - saturate(geometric.y);
  float shade_value = 0.28 * o1.w + 0.30 * o2.w + 0.36 * o3.w + 0.34 * o4.w + 0.30 * o5.w;
  // Brighter bumps are dry and warm, hollows are dark and a little cooler.
  vec3 tint = mix(vec3(0.92, 0.98, 1.04), vec3(1.08, 1.01, 0.92), saturate(0.5 + 0.6 * (o1.w + 0.5 * o2.w)));
  base *= max(1.0 + strength * shade_value, 0.15) * mix(vec3(1.0), tint, saturate(strength));
  vec3 gradient = 0.05 * o1.xyz + 0.12 * o2.xyz + 0.20 * o3.xyz + 0.22 * o4.xyz + 0.18 * o5.xyz;
  vec3 bump = gradient * strength * (0.7 + 1.3 * saturate(slope * 2.0));
  vec3 normal = normalize(geometric - (bump - geometric * dot(bump, geometric)));
  float cavity = saturate(1.0 + strength * 0.5 * min(o2.w + o3.w, 0.0));
  Surface surface = Surface(base, normal, material.surface.x, clamp(material.surface.y, 0.3, 1.0), cavity);
  vec3 radiance = shade(surface, v_position, geometric) + material.emissive.rgb;
  out_color = vec4(tone_map(apply_fog(radiance, v_position)), 1.0);
}
