// One surface under the sun (GGX: Walter et al. 2007, height-correlated Smith: Heitz 2014) and the sky.

struct Surface {
  vec3 base_color;
  vec3 normal;
  float metallic;
  float roughness;
  float occlusion;
};

// SH irradiance over pi, L2 (Ramamoorthi and Hanrahan 2001); the coefficients are convolved with the cosine already.
vec3 sky_irradiance(vec3 n) {
  vec3 e = frame.irradiance[0].rgb * 0.282095;
  e += frame.irradiance[1].rgb * (0.488603 * n.y);
  e += frame.irradiance[2].rgb * (0.488603 * n.z);
  e += frame.irradiance[3].rgb * (0.488603 * n.x);
  e += frame.irradiance[4].rgb * (1.092548 * n.x * n.y);
  e += frame.irradiance[5].rgb * (1.092548 * n.y * n.z);
  e += frame.irradiance[6].rgb * (0.315392 * (3.0 * n.z * n.z - 1.0));
  e += frame.irradiance[7].rgb * (1.092548 * n.x * n.z);
  e += frame.irradiance[8].rgb * (0.546274 * (n.x * n.x - n.y * n.y));
  return max(e, vec3(0.0));
}

vec3 ggx_specular(vec3 n, vec3 v, vec3 l, vec3 f0, float roughness) {
  vec3 h = normalize(v + l);
  float nv = max(dot(n, v), 1e-3);
  float nl = max(dot(n, l), 0.0);
  float nh = saturate(dot(n, h));
  float a = roughness * roughness;
  float a2 = a * a;
  float d = nh * nh * (a2 - 1.0) + 1.0;
  float distribution = a2 / (PI * d * d);
  float visibility = 0.5 / (nl * sqrt(nv * nv * (1.0 - a2) + a2) + nv * sqrt(nl * nl * (1.0 - a2) + a2) + 1e-5);
  vec3 fresnel = f0 + (1.0 - f0) * pow(1.0 - saturate(dot(v, h)), 5.0);
  return min(distribution * visibility, 64.0) * fresnel;
}

// Analytic fit of the split-sum environment term (Karis 2014, after Lazarov 2013).
vec3 environment_brdf(vec3 f0, float roughness, float nv) {
  vec4 r = vec4(-1.0, -0.0275, -0.572, 0.022) * roughness + vec4(1.0, 0.0425, 1.04, -0.04);
  float a = min(r.x * r.x, exp2(-9.28 * nv)) * r.x + r.y;
  vec2 scale_bias = vec2(-1.04, 1.04) * a + r.zw;
  return f0 * scale_bias.x + scale_bias.y;
}

// The share of sunlight that reaches p (camera-relative): 3x3 taps, each filtered by the comparison sampler.
float sun_visibility(vec3 p, vec3 n) {
  float strength = frame.shadow_params.z;
  if (strength <= 0.0) {
    return 1.0;
  }
  mat4 m = frame.shadow_matrix;
  float texel = frame.shadow_params.x;
  float texel_m = texel / max(length(vec3(m[0].x, m[1].x, m[2].x)), 1e-6);
  vec4 q = m * vec4(p + n * (1.5 * texel_m), 1.0);
  float lit = 0.0;
  for (int y = -1; y <= 1; y++) {
    for (int x = -1; x <= 1; x++) {
      vec2 uv = q.xy + vec2(float(x), float(y)) * texel;
      lit += textureLod(shadow_texture, vec3(uv, q.z + frame.shadow_params.y), 0.0);
    }
  }
  float edge = max(abs(q.x - 0.5), abs(q.y - 0.5)) * 2.0;
  float far = max(smoothstep(0.85, 1.0, length(p) / max(frame.shadow_params.w, 1e-3)), smoothstep(0.9, 0.99, edge));
  return mix(1.0, mix(lit / 9.0, 1.0, far), strength);
}

// Radiance towards the camera, without emission and fog. p: camera-relative; geometric: the unperturbed normal.
vec3 shade(Surface s, vec3 p, vec3 geometric) {
  vec3 v = -normalize(p);
  float nv = max(dot(s.normal, v), 1e-3);
  vec3 f0 = mix(vec3(0.04), s.base_color, s.metallic);
  vec3 diffuse = s.base_color * (1.0 - s.metallic);
  vec3 l = frame.sun_direction.xyz;
  float nl = saturate(dot(s.normal, l)) * smoothstep(-0.1, 0.15, dot(geometric, l));
  vec3 sun = frame.sun_color.rgb * (nl * sun_visibility(p, geometric));
  vec3 direct = sun * (diffuse / PI + ggx_specular(s.normal, v, l, f0, s.roughness));
  vec3 r = reflect(-v, s.normal);
  // A mirror direction that points into the surface sees the surface, not the sky.
  float horizon = saturate(1.0 + dot(r, geometric));
  float specular_occlusion = saturate(pow(nv + s.occlusion, 2.0 * s.roughness * s.roughness) - 1.0 + s.occlusion);
  vec3 reflected = sky_reflection(r, s.roughness) * environment_brdf(f0, s.roughness, nv) * horizon * horizon;
  vec3 ambient = diffuse * sky_irradiance(s.normal) * s.occlusion + reflected * specular_occlusion;
  return direct + ambient;
}
