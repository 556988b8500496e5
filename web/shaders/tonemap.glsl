// A filmic curve: toe, straight part, shoulder (Uchimura, "HDR theory and practice", CEDEC 2017), per channel after a
// little crosstalk, so that very bright saturated light goes towards white as film does.
vec3 tone_map(vec3 radiance) {
  vec3 exposed = max(radiance * frame.camera_lo.w, vec3(0.0));
  vec3 x = mix(exposed, vec3(dot(exposed, vec3(0.2126, 0.7152, 0.0722))), 0.06);
  float middle = 0.22;
  float shoulder = 0.532; // middle + (1 - middle) * 0.4, where the straight part ends
  vec3 toe = middle * pow(x / middle, vec3(1.25));
  vec3 top = 1.0 - (1.0 - shoulder) * exp((shoulder - x) / (1.0 - shoulder));
  vec3 in_toe = 1.0 - smoothstep(vec3(0.0), vec3(middle), x);
  vec3 in_top = step(vec3(shoulder), x);
  return clamp(toe * in_toe + x * (1.0 - in_toe - in_top) + top * in_top, vec3(0.0), vec3(1.0));
}
