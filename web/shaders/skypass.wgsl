// The sky pass: one triangle at the far end of the depth range, behind everything that was drawn.

// Soft clouds on a plane 1,600 m up: x = cover, y = how much light passes.
fn clouds(direction: vec3<f32>) -> vec2<f32> {
  let height = max(1600.0 - 0.15 * (frame.camera_hi.y + frame.camera_lo.y), 400.0);
  let camera = frame.camera_hi.xz + frame.camera_lo.xz;
  var p = (camera + direction.xz * (height / max(direction.y, 0.02)) + frame.wind.xy * (frame.camera_hi.w * 9.0)) / 1900.0;
  var sum = 0.0;
  var toward_sun = 0.0;
  var weight = 0.5;
  let shift = frame.sun_direction.xz * 0.22;
  for (var octave = 0; octave < 5; octave++) {
    sum += weight * noise2(p, 11 + octave).z;
    if (octave < 3) {
      toward_sun += weight * noise2(p + shift, 11 + octave).z;
    }
    p = vec2<f32>(0.8 * p.x - 0.6 * p.y, 0.6 * p.x + 0.8 * p.y) * 2.13;
    weight *= 0.5;
  }
  let cover = smoothstep(0.02, 0.55, sum) * smoothstep(0.03, 0.22, direction.y);
  return vec2<f32>(cover, exp(-2.2 * saturate(toward_sun + 0.15)));
}

// The sun's disc or the moon's, of radius 1 around its middle: darker towards the rim (of the sun: Neckel and Labs 1994).
fn disc_light(direction: vec3<f32>, middle: vec3<f32>, radius_cosine: f32, darkening: f32) -> f32 {
  let edge = max(1.0 - radius_cosine, 1e-9);
  let out = (1.0 - dot(direction, middle)) / edge; // the square of the distance from the middle
  let rim = sqrt(saturate(1.0 - out));
  return (1.0 - smoothstep(0.85, 1.15, out)) * (1.0 - darkening * (1.0 - rim));
}

fn painted_sky(direction: vec3<f32>) -> vec3<f32> {
  var radiance = sky_gradient(direction, 0.0);
  let c = dot(direction, frame.sun_direction.xyz);
  let edge = 1.0 - frame.sun_direction.w;
  let disc = smoothstep(frame.sun_direction.w - 0.25 * edge, frame.sun_direction.w + 0.35 * edge, c);
  var sun = sun_glow(direction, 0.0) + frame.sun_color.rgb * (40.0 * disc);
  if (direction.y > 0.0) {
    let cloud = clouds(direction);
    let ambient = sky_irradiance(vec3<f32>(0.0, -0.3, 0.0)) * 0.25 + frame.sky_horizon.rgb * 0.55;
    let silver = 0.10 + 0.5 * pow(saturate(c), 24.0);
    let white = ambient + frame.sun_color.rgb * ((0.12 + silver * 0.6) * cloud.y);
    radiance = mix(radiance, white, cloud.x * 0.85);
    sun *= 1.0 - 0.9 * cloud.x;
  }
  return radiance + sun;
}

// The air, and what is beyond it. From high up the tables are too coarse: the air is walked through.
fn clear_sky(direction: vec3<f32>) -> vec3<f32> {
  let height = frame.air_sun.w;
  var radiance = textureSampleLevel(air_view, linear_sampler, between_texels(sky_place(direction), SKY_SIZE), 0.0).rgb;
  let is_sky = direction.y > horizon_cosine(height);
  if (is_sky) {
    let through = sunlight_at(height, direction.y);
    let sun = disc_light(direction, frame.air_sun.xyz, frame.sun_direction.w, 0.6);
    radiance += frame.air_sun_light.rgb * through * (40.0 * sun);
  }
  return radiance;
}

fn air_sky(direction: vec3<f32>) -> vec3<f32> {
  var radiance = clear_sky(direction);
  if (direction.y > 0.0) {
    let c = dot(direction, frame.sun_direction.xyz);
    let cloud = clouds(direction);
    let ambient = sky_irradiance(vec3<f32>(0.0, -0.3, 0.0)) * 0.25 + mirrored_air(direction, 0.8) * 0.55;
    let silver = 0.10 + 0.5 * pow(saturate(c), 24.0);
    let white = ambient + frame.sun_color.rgb * ((0.12 + silver * 0.6) * cloud.y);
    radiance = mix(radiance, white, cloud.x * 0.85);
  }
  return radiance;
}

@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  adapted_ev = exposure_ev();
  let far = frame.inverse_view_projection * vec4<f32>(in.ndc, 0.5, 1.0);
  let direction = normalize(far.xyz / far.w);
  var radiance = vec3<f32>(0.0);
  if (is_air()) {
    radiance = air_sky(direction);
  } else {
    radiance = painted_sky(direction);
  }
  if (frame.fog_color.w > 0.0) {
    radiance = mix(radiance, fog_radiance(direction), fog_opacity(direction, 60000.0));
  }
  let color = radiance_color(radiance, 1.0);
  // Noise as wide as one code of the 10 bits hides the bands that they make in a smooth gradient (Jimenez 2014).
  let grain = fract(52.9829189 * fract(dot(floor(in.clip.xy), vec2<f32>(0.06711056, 0.00583715)))) - 0.5;
  return vec4<f32>(color.rgb + grain * (1.0 / 1023.0), 0.0);
}
