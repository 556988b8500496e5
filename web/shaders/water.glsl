// Fragment stage of the material kind "water": moving waves of several sizes, Fresnel reflection of the sky, sun glitter.
// Waves narrower than a pixel turn into roughness, so the sea far away is smooth instead of shimmering.
struct Waves {
  vec2 slope;
  float roughness; // added by the waves that are too small to see
};

Waves wave(Waves waves, vec2 p, float wavelength_m, vec2 heading, float height, float footprint_m, int seed) {
  float speed = 1.25 * sqrt(wavelength_m); // deep-water waves: g * wavelength / (2 pi), under the root
  vec2 q = p - heading * (speed * frame.camera_hi.w);
  // Crests lie across the heading: stretch the noise along them.
  vec2 along = vec2(dot(q, heading), 0.55 * dot(q, vec2(-heading.y, heading.x))) / wavelength_m;
  float keep = 1.0 - smoothstep(0.08, 0.40, footprint_m / wavelength_m);
  vec2 g = vec2(0.0);
  if (keep > 0.0) {
    g = noise2(along, seed).xy * keep;
  }
  vec2 turned = heading * g.x + vec2(-heading.y, heading.x) * (0.55 * g.y);
  return Waves(waves.slope + turned * height, waves.roughness + height * height * (1.0 - keep));
}

void main() {
  vec3 p = pattern_position(v_position);
  float footprint = max(length(dFdx(v_position)), length(dFdy(v_position)));
  vec3 geometric = normalize(v_normal) * (gl_FrontFacing ? 1.0 : -1.0);
  Waves w = Waves(vec2(0.0), 0.0);
  w = wave(w, p.xz, 61.0, vec2(0.83, 0.56), 0.030, footprint, 1);
  w = wave(w, p.xz, 23.0, vec2(0.97, -0.24), 0.050, footprint, 2);
  w = wave(w, p.xz, 9.1, vec2(0.45, 0.89), 0.060, footprint, 3);
  w = wave(w, p.xz, 3.7, vec2(0.93, 0.37), 0.065, footprint, 4);
  w = wave(w, p.xz, 1.3, vec2(-0.31, 0.95), 0.060, footprint, 5);
  w = wave(w, p.xz, 0.45, vec2(0.62, -0.78), 0.050, footprint, 6);
  vec3 normal = normalize(vec3(geometric.x - w.slope.x, geometric.y, geometric.z - w.slope.y));
  vec3 v = -normalize(v_position);
  float nv = max(dot(normal, v), 0.02);
  float roughness = clamp(sqrt(material.surface.y * material.surface.y + 2.5 * w.roughness), 0.06, 0.6);
  float fresnel = 0.02 + 0.98 * pow(1.0 - nv, 5.0) / (1.0 + 6.0 * roughness * roughness);
  vec3 r = reflect(-v, normal);
  r.y = abs(r.y); // a steep wave's second bounce
  vec3 reflected = sky_reflection(r, roughness * 0.6);
  vec3 l = frame.sun_direction.xyz;
  float visible = sun_visibility(v_position, geometric);
  vec3 glitter = ggx_specular(normal, v, l, vec3(0.02), roughness) * saturate(dot(normal, l)) * visible;
  // Light that comes back out of the water: sky and sun, scattered, tinted by the water's colour.
  vec3 lit = sky_irradiance(normal) + frame.sun_color.rgb * (saturate(l.y) * (0.4 + 0.6 * visible) / PI);
  float crest = saturate(0.5 + 2.0 * dot(w.slope, vec2(0.7, 0.7)));
  vec3 body = v_color.rgb * lit * (0.85 + 0.3 * crest);
  vec3 radiance = mix(body, reflected, fresnel) + frame.sun_color.rgb * glitter;
  // How much of the ground shows depends on the way through the water, for a shallow two metres.
  float path = 2.0 / max(v.y, 0.08);
  float clear = exp(-path / max(material.extra.y, 0.05)) * (1.0 - fresnel);
  out_color = vec4(tone_map(apply_fog(radiance, v_position)), v_color.a * (1.0 - clear));
}
