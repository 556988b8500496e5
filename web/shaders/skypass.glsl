// The sky pass: one triangle at the far end of the depth range, behind everything that was drawn.
in vec2 v_ndc;
layout(location = 0) out vec4 out_color;

// Soft clouds on a plane 1,600 m up: x = cover, y = how much light passes.
vec2 clouds(vec3 direction) {
  float height = max(1600.0 - 0.15 * (frame.camera_hi.y + frame.camera_lo.y), 400.0);
  vec2 camera = frame.camera_hi.xz + frame.camera_lo.xz;
  vec2 p = (camera + direction.xz * (height / max(direction.y, 0.02)) + frame.wind.xy * (frame.camera_hi.w * 9.0)) / 1900.0;
  float sum = 0.0;
  float toward_sun = 0.0;
  float weight = 0.5;
  vec2 shift = frame.sun_direction.xz * 0.22;
  for (int octave = 0; octave < 5; octave++) {
    sum += weight * noise2(p, 11 + octave).z;
    if (octave < 3) {
      toward_sun += weight * noise2(p + shift, 11 + octave).z;
    }
    p = vec2(0.8 * p.x - 0.6 * p.y, 0.6 * p.x + 0.8 * p.y) * 2.13;
    weight *= 0.5;
  }
  float cover = smoothstep(0.02, 0.55, sum) * smoothstep(0.03, 0.22, direction.y);
  return vec2(cover, exp(-2.2 * saturate(toward_sun + 0.15)));
}

void main() {
  vec4 far = frame.inverse_view_projection * vec4(v_ndc, 0.5, 1.0);
  vec3 direction = normalize(far.xyz / far.w);
  vec3 radiance = sky_gradient(direction, 0.0);
  float c = dot(direction, frame.sun_direction.xyz);
  float edge = 1.0 - frame.sun_direction.w;
  float disc = smoothstep(frame.sun_direction.w - 0.25 * edge, frame.sun_direction.w + 0.35 * edge, c);
  vec3 sun = sun_glow(direction, 0.0) + frame.sun_color.rgb * (40.0 * disc);
  if (direction.y > 0.0) {
    vec2 cloud = clouds(direction);
    vec3 ambient = sky_irradiance(vec3(0.0, -0.3, 0.0)) * 0.25 + frame.sky_horizon.rgb * 0.55;
    float silver = 0.10 + 0.5 * pow(saturate(c), 24.0);
    vec3 white = ambient + frame.sun_color.rgb * ((0.12 + silver * 0.6) * cloud.y);
    radiance = mix(radiance, white, cloud.x * 0.85);
    sun *= 1.0 - 0.9 * cloud.x;
  }
  radiance += sun;
  float haze = fog_opacity(direction, 60000.0);
  vec3 mapped = tone_map(mix(radiance, fog_radiance(direction), haze));
  // Half a step of noise hides the bands that 8 bits make in a smooth gradient (Jimenez 2014).
  float grain = fract(52.9829189 * fract(dot(floor(gl_FragCoord.xy), vec2(0.06711056, 0.00583715)))) - 0.5;
  vec3 dithered = mapped + grain * (2.2 / 255.0) * pow(mapped, vec3(0.5454));
  out_color = vec4(max(dithered, vec3(0.0)), 1.0);
}
