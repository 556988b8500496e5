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
  if (direction.y > 0.0 && frame.clouds.x > 0.0) {
    let cloud = clouds(direction);
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

// Scattering in clouds, forwards and a little back, over that of all around (Henyey and Greenstein, twice).
fn cloud_phase(c: f32) -> f32 {
  let ahead = 0.51 / pow(max(1.49 - 1.4 * c, 1e-3), 1.5); // g = 0.7
  let back = 0.96 / pow(1.04 + 0.4 * c, 1.5); // g = -0.2
  return mix(back, ahead, 0.5);
}

// The integral of a ramp from 0 at 0 to 1 at 1, up to x.
fn ramp_integral(x: f32) -> f32 {
  let up = saturate(x);
  return 0.5 * up * up + max(x - 1.0, 0.0);
}

// How much of a cloud lies between two heights, shares of the slab: flat below, round above, and the thicker its middle, the
// higher it goes. The mean over the step, so that a step over a cloud's edge has its share of it.
fn cloud_share(cover: f32, from_share: f32, to_share: f32) -> f32 {
  let wide = max(to_share - from_share, 1e-4);
  let rise = 0.08;
  let fall = 0.28;
  let top = 0.2 + cover;
  let below = rise * (ramp_integral((to_share + 0.02) / rise) - ramp_integral((from_share + 0.02) / rise));
  let above = fall * (ramp_integral((to_share - top + fall) / fall) - ramp_integral((from_share - top + fall) / fall));
  return cover * max(below - above, 0.0) / wide;
}

// What covers the sky at the end of a way; small shapes are left out where they would be smaller than pixels.
fn cover_after(eye: vec2<f32>, along: vec2<f32>, way: f32, pixel: f32) -> f32 {
  let fine = 1.0 - smoothstep(0.3, 1.0, way * pixel / (0.04 * CLOUD_PERIOD_M));
  return cloud_cover(eye + along * way, fine);
}

// The lumps of clouds, by metres that drift along; wide_m: what is smaller than that is left out. xyz: towards what is denser,
// w: 0 in the folds between lumps, 1 in their middles. They begin again after CLOUD_PERIOD_M as the pattern does.
fn cloud_lumps(place: vec3<f32>, wide_m: f32) -> vec4<f32> {
  var sum = vec4<f32>(0.0);
  var weight = 0.5;
  var cells = 40;
  for (var octave = 0; octave < 3; octave++) {
    let wavelength = CLOUD_PERIOD_M / f32(cells);
    let keep = weight * (1.0 - smoothstep(0.15, 0.6, wide_m / wavelength));
    if (keep > 0.0) {
      let n = tiled_noise3(place / wavelength, cells);
      sum += vec4<f32>(sign(n.w) * n.xyz, min(2.0 * abs(n.w), 1.0)) * keep;
    }
    sum.w += 0.6 * (weight - keep);
    weight *= 0.55;
    cells = i32(f32(cells) * 2.5);
  }
  return sum;
}

// Clouds before the sky: a slab of them, looked through in a few steps, in more where the way is long. What covers the sky is
// taken as straight between the ends of a step. first: where the steps begin, other in each pixel, so that they are not seen as
// stripes.
fn with_clouds(direction: vec3<f32>, behind: vec3<f32>, pixel: f32, first: f32) -> vec3<f32> {
  let base = frame.clouds.y;
  let eye = frame.camera_hi.xyz + frame.camera_lo.xyz;
  if (frame.clouds.x <= 0.0 || direction.y <= 0.0 || eye.y > base) {
    return behind;
  }
  let r = 1000.0 * GROUND_KM + max(eye.y, 0.0);
  let along = r * direction.y;
  let low = base - eye.y;
  let high = low + frame.clouds.z;
  let near = sqrt(along * along + low * (2.0 * r + low)) - along;
  let far = sqrt(along * along + high * (2.0 * r + high)) - along;
  let l = frame.sun_direction.xyz;
  let phase = cloud_phase(dot(direction, l));
  let top = 0.001 * (base + frame.clouds.z);
  let sun = frame.air_sun_light.rgb * sunlight_at(top, frame.air_sun.y) + frame.air_moon_light.rgb * sunlight_at(top, frame.air_moon.y);
  let above = sky_irradiance(vec3<f32>(0.0, 1.0, 0.0));
  let below = sky_irradiance(vec3<f32>(0.0, -1.0, 0.0));
  let steps = i32(frame.cloud_drift.w * (1.0 + 2.0 * pow(1.0 - direction.y, 6.0)));
  var light = vec3<f32>(0.0);
  var left = 1.0;
  var from_share = 0.0;
  var from_cover = cover_after(eye.xz, direction.xz, min(near, 2.0e5), pixel);
  for (var n = 0; n <= steps; n++) {
    let to_share = min((f32(n) + first) / f32(steps), 1.0);
    let way = min(near + (far - near) * to_share, 2.0e5);
    let to_cover = cover_after(eye.xz, direction.xz, way, pixel);
    let share = 0.5 * (from_share + to_share);
    let part = to_share - from_share;
    let share_here = cloud_share(0.5 * (from_cover + to_cover), from_share, to_share);
    from_share = to_share;
    from_cover = to_cover;
    if (share_here > 0.002) {
      let height = low + frame.clouds.z * share + eye.y;
      let lumps = cloud_lumps(vec3<f32>(eye.xz + direction.xz * way - frame.cloud_drift.xy, height).xzy, way * pixel);
      // They eat into what is thin, and turn sides to the sun; clouds that close the sky have none.
      let lumpy = 1.0 - frame.overcast.w;
      let here = mix(share_here, saturate(2.0 * (share_here - 0.5 * (1.0 - lumps.w))), lumpy);
      let facing = clamp(1.0 - 0.3 * lumpy * dot(lumps.xyz, l), 0.4, 1.6);
      // What lies between here and the sun: the cloud a little way towards it.
      let toward = cloud_cover(eye.xz + direction.xz * way + l.xz * (0.35 * frame.clouds.z / max(l.y, 0.25)), 0.0);
      let deep = frame.clouds.w * (2.2 * saturate(toward - 0.6 * share) + 1.2 * here * (1.0 - share));
      let lit = sun * (phase * exp(-1.6 * deep) + 0.5 * exp(-0.35 * deep)) * (0.12 * facing);
      let shine = lit + mix(below, above, 0.35 + 0.65 * share) * (0.65 * exp(-0.25 * deep));
      let through = exp(-here * here * frame.clouds.w * 14.0 * part);
      light += left * (1.0 - through) * shine;
      left *= through;
    }
  }
  // Air before them, and no more of them where they would be thinner than pixels.
  let seen = exp(-near / 45000.0) * smoothstep(0.01, 0.09, direction.y);
  return mix(behind, light + behind * left, seen);
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
    radiance = with_clouds(direction, clear, pixel, grain + 0.5);
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
