// Clouds before the sky, of half the size: skypass.wgsl lays them over what is behind.

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

// A slab of clouds, looked through in a few steps, in more where the way is long: its light, and in alpha what it leaves of
// what is behind. What covers the sky is taken as straight between the ends of a step. first: where the steps begin.
fn cloud_slab(direction: vec3<f32>, pixel: f32, first: f32) -> vec4<f32> {
  let base = frame.clouds.y;
  let eye = frame.camera_hi.xyz + frame.camera_lo.xyz;
  if (frame.clouds.x <= 0.0 || direction.y <= 0.0 || eye.y > base) {
    return vec4<f32>(0.0, 0.0, 0.0, 1.0);
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
  return vec4<f32>(light * seen, 1.0 - seen * (1.0 - left));
}

@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let far = frame.inverse_view_projection * vec4<f32>(in.ndc, 0.5, 1.0);
  let direction = normalize(far.xyz / far.w);
  // The texels of a 2 x 2 tile begin elsewhere: smooth_clouds.wgsl takes their mean, which has four times as many steps.
  let x = i32(in.clip.x) & 1;
  let y = i32(in.clip.y) & 1;
  let first = (f32(2 * (x ^ y) + y) + 0.5) / 4.0;
  return cloud_slab(direction, 0.6 * length(fwidth(direction)), first);
}
