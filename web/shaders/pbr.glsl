// Fragment stage of the material kind "pbr": glTF's metallic-roughness model.

// The normal map's normal in world axes. Without vertex tangents they come from screen derivatives (Schueler 2007).
vec3 mapped_normal(vec3 n, float facing) {
  vec3 texel = texture(normal_texture, v_uv).xyz * 2.0 - 1.0;
  vec3 dp1 = dFdx(v_position);
  vec3 dp2 = dFdy(v_position);
  vec2 duv1 = dFdx(v_uv);
  vec2 duv2 = dFdy(v_uv);
  vec3 a = cross(dp2, n);
  vec3 b = cross(n, dp1);
  vec3 t = a * duv1.x + b * duv2.x;
  // v grows downwards in the image, and glTF's green points up in it.
  vec3 u = -(a * duv1.y + b * duv2.y);
  // The sign of dot(dp1, a) makes this independent of which way rows count.
  float longest = sign(dot(dp1, a)) * inversesqrt(max(max(dot(t, t), dot(u, u)), 1e-30));
  t *= longest;
  u *= longest;
  if (dot(v_tangent.xyz, v_tangent.xyz) > 1e-8) {
    t = normalize(v_tangent.xyz - n * dot(n, v_tangent.xyz));
    u = cross(n, t) * sign(v_tangent.w) * facing;
  }
  vec3 scaled = vec3(texel.xy * material.surface.z, texel.z);
  return normalize(t * scaled.x + u * scaled.y + n * scaled.z);
}

void main() {
  uint bound = uint(material.extra.z);
  float facing = gl_FrontFacing ? 1.0 : -1.0;
  vec3 geometric = normalize(v_normal) * facing;
  vec4 base = v_color;
  float roughness = material.surface.y;
  float metallic = material.surface.x;
  float occlusion = 1.0;
  vec3 emissive = material.emissive.rgb;
  vec3 normal = geometric;
  if ((bound & HAS_BASE_COLOR) != 0u) {
    base *= texture(base_color_texture, v_uv);
  }
  if ((bound & HAS_METALLIC_ROUGHNESS) != 0u) {
    vec4 mr = texture(metallic_roughness_texture, v_uv);
    roughness *= mr.g;
    metallic *= mr.b;
  }
  if ((bound & HAS_OCCLUSION) != 0u) {
    float texel = texture(occlusion_texture, v_uv).r;
    occlusion = 1.0 + material.surface.w * (texel - 1.0);
  }
  if ((bound & HAS_EMISSIVE) != 0u) {
    emissive *= texture(emissive_texture, v_uv).rgb;
  }
  if ((bound & HAS_NORMAL) != 0u) {
    normal = mapped_normal(geometric, facing);
  }
  if (MASK) {
    if (base.a < material.emissive.w) {
      discard;
    }
  }
  Surface surface = Surface(base.rgb, normal, saturate(metallic), clamp(roughness, 0.045, 1.0), occlusion);
  vec3 radiance = shade(surface, v_position, geometric) + emissive;
  out_color = vec4(tone_map(apply_fog(radiance, v_position)), BLEND ? base.a : 1.0);
}
