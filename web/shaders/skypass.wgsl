// The sky pass: one triangle at the far end of the depth range, behind everything that was drawn.

// Soft clouds on a plane 1,600 m up: x = cover, y = how much light passes.
fn painted_clouds(direction: vec3<f32>) -> vec2<f32> {
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
  if (direction.y > 0.0 && frame.clouds.x > 0.0) {
    let cloud = painted_clouds(direction);
    let ambient = sky_irradiance(vec3<f32>(0.0, -0.3, 0.0)) * 0.25 + frame.sky_horizon.rgb * 0.55;
    let silver = 0.10 + 0.5 * pow(saturate(c), 24.0);
    let white = ambient + frame.sun_color.rgb * ((0.12 + silver * 0.6) * cloud.y);
    radiance = mix(radiance, white, cloud.x * 0.85);
    sun *= 1.0 - 0.9 * cloud.x;
  }
  return radiance + sun;
}

// A star in some of the cells that a grid of this many has along the sphere's radius.
fn star_layer(direction: vec3<f32>, cells: f32, share: f32, pixel: f32, seed: i32) -> f32 {
  let cell = floor(direction * cells);
  let i = vec3<i32>(cell);
  let middle = cell + 0.5 + 0.3 * vec3<f32>(hash3(i + seed), hash3(i + seed + 17), hash3(i + seed + 31));
  let star = normalize(middle);
  let chance = 0.5 + 0.5 * hash3(i + seed + 47);
  if (chance > share || any(floor(star * cells) != cell)) {
    return 0.0;
  }
  let away = length(direction - star) / max(0.55 * pixel, 1e-6);
  let magnitude = chance / share; // few are bright
  return exp(-1.6 * away * away) * (0.04 + 0.96 * pow(1.0 - magnitude, 7.0));
}

fn stars(direction: vec3<f32>, pixel: f32) -> f32 {
  // They turn about the pole.
  let pole = frame.air_stars.xyz;
  let c = cos(frame.air_stars.w);
  let s = sin(frame.air_stars.w);
  let turned = direction * c + cross(pole, direction) * s + pole * (dot(pole, direction) * (1.0 - c));
  return star_layer(turned, 17.0, 0.35, pixel, 3) + 0.6 * star_layer(turned, 43.0, 0.30, pixel, 101);
}

// The moon: a ball that the sun lights, with seas and craters.
fn moon_light(direction: vec3<f32>) -> f32 {
  let middle = frame.sun_direction.xyz; // it lights the scene when it is drawn
  let radius = sqrt(max(1.0 - frame.air_moon.w * frame.air_moon.w, 1e-9));
  let out = (direction - middle * dot(direction, middle)) / radius;
  let square = dot(out, out);
  if (square > 1.3 || dot(direction, middle) < 0.0) {
    return 0.0;
  }
  let normal = normalize(out - middle * sqrt(max(1.0 - square, 0.0)));
  let lit = smoothstep(-0.05, 0.25, dot(normal, frame.air_sun.xyz));
  let seas = smoothstep(-0.25, 0.35, noise3(normal * 2.3).w + 0.4 * noise3(normal * 7.1).w);
  return (0.03 + lit * mix(0.5, 1.0, seas)) * (1.0 - smoothstep(0.9, 1.1, square));
}

const HAZE_KM = vec2<f32>(1.0, 6.0); // from these heights on the planet is seen below

// Where nothing is drawn below the horizon: a floor in haze that takes on the sky above it, darker towards the viewer.
fn hazy_floor(direction: vec3<f32>) -> vec3<f32> {
  let down = -direction.y;
  let rim = normalize(vec3<f32>(direction.x, 0.02, direction.z));
  let far = textureSampleLevel(air_view, linear_sampler, between_texels(sky_place(rim), SKY_SIZE), 0.0).rgb;
  let up = normalize(vec3<f32>(direction.x, max(down, 0.02), direction.z));
  let above = textureSampleLevel(air_view, linear_sampler, between_texels(sky_place(up), SKY_SIZE), 0.0).rgb;
  let grey = vec3<f32>(dot(above, vec3<f32>(0.2126, 0.7152, 0.0722)));
  let near = 0.8 * mix(far, mix(above, grey, 0.5), 0.65);
  return mix(far, near, smoothstep(0.0, 0.4, down));
}

// The air, and what is beyond it. From high up the table is too coarse: the air is walked through.
fn clear_sky(direction: vec3<f32>, pixel: f32) -> vec3<f32> {
  let height = frame.air_sun.w;
  var radiance = vec3<f32>(0.0);
  if (height < 20.0) {
    radiance = textureSampleLevel(air_view, linear_sampler, between_texels(sky_place(direction), SKY_SIZE), 0.0).rgb;
  } else {
    radiance = walked(height, direction, 1e5, 32).light;
  }
  if (direction.y > horizon_cosine(height)) {
    let through = sunlight_at(height, direction.y);
    radiance += frame.air_sun_light.rgb * through * (40.0 * disc_light(direction, frame.air_sun.xyz, frame.sun_radius.x, 0.6));
    if (frame.air_moon_light.w > 0.0) {
      radiance += through * (6.0 * frame.air_moon_light.w * moon_light(direction));
    }
    if (frame.air_sun_light.w > 0.0) {
      radiance += through * (0.35 * frame.air_sun_light.w * stars(direction, pixel));
    }
  } else if (height < HAZE_KM.y) {
    radiance = mix(hazy_floor(direction), radiance, smoothstep(HAZE_KM.x, HAZE_KM.y, height));
  }
  return radiance;
}

@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  adapted_ev = exposure_ev();
  let far = frame.inverse_view_projection * vec4<f32>(in.ndc, 0.5, 1.0);
  let direction = normalize(far.xyz / far.w);
  let pixel = length(fwidth(direction));
  let grain = interleaved_noise(floor(in.clip.xy)) - 0.5;
  var radiance = vec3<f32>(0.0);
  if (is_air()) {
    var clear = clear_sky(direction, pixel);
    if (frame.overcast.w > 0.0 && direction.y > 0.0 && frame.camera_hi.y + frame.camera_lo.y < frame.clouds.y) {
      clear = under_clouds(direction, clear);
    }
    if (frame.clouds.x > 0.0 && frame.cloud_drift.w > 0.0) {
      let slab = textureSampleLevel(clouds, linear_sampler, uv_of(in), 0.0);
      clear = clear * slab.a + slab.rgb;
    }
    radiance = clear;
  } else if (is_panorama()) {
    radiance = panorama_light(direction, 0.0);
  } else {
    radiance = painted_sky(direction);
  }
  if (frame.fog_color.w > 0.0) {
    radiance = mix(radiance, fog_radiance(direction), fog_opacity(direction, 60000.0));
  }
  let color = radiance_color(radiance, 1.0);
  // Noise as wide as one code of the 10 bits hides the bands that they make in a smooth gradient.
  return vec4<f32>(color.rgb + grain * (1.0 / 1023.0), 0.0);
}
