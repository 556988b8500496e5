// Light of the surroundings, as probes in `air` know it (frame/probes.py): in place of the sky's where they reach.
// Of a colour, xyz is the mean over all directions of direction times radiance, w the mean radiance.

// SH irradiance over pi, L2 (Ramamoorthi and Hanrahan 2001); the coefficients are convolved with the cosine already.
fn sky_irradiance(n: vec3<f32>) -> vec3<f32> {
  var e = frame.irradiance[0].rgb * 0.282095;
  e += frame.irradiance[1].rgb * (0.488603 * n.y);
  e += frame.irradiance[2].rgb * (0.488603 * n.z);
  e += frame.irradiance[3].rgb * (0.488603 * n.x);
  e += frame.irradiance[4].rgb * (1.092548 * n.x * n.y);
  e += frame.irradiance[5].rgb * (1.092548 * n.y * n.z);
  e += frame.irradiance[6].rgb * (0.315392 * (3.0 * n.z * n.z - 1.0));
  e += frame.irradiance[7].rgb * (1.092548 * n.x * n.z);
  e += frame.irradiance[8].rgb * (0.546274 * (n.x * n.x - n.y * n.y));
  return max(e, vec3<f32>(0.0));
}

// Three colours at a place of a volume, between its eight probes. cell: 0 to count - 1 along each axis.
struct ProbeLight {
  red: vec4<f32>,
  green: vec4<f32>,
  blue: vec4<f32>,
}

fn probe_texel(cell: vec2<f32>, count: vec3<f32>, tile: f32, first_line: f32, across: f32) -> vec4<f32> {
  let corner = vec2<f32>(tile % across, floor(tile / across)) * count.xz + vec2<f32>(0.0, first_line);
  let at = (corner + cell + 0.5) / vec2<f32>(textureDimensions(air));
  return textureSampleLevel(air, linear_sampler, at, 0.0);
}

fn probe_light_at(volume: u32, cell: vec3<f32>) -> ProbeLight {
  let steps = frame.probe_volumes[3u * volume + 1u];
  let counts = frame.probe_volumes[3u * volume + 2u];
  let low = floor(cell.y);
  let high = min(low + 1.0, counts.y - 1.0);
  let up = cell.y - low;
  var found = ProbeLight(vec4<f32>(0.0), vec4<f32>(0.0), vec4<f32>(0.0));
  found.red = mix(probe_texel(cell.xz, counts.xyz, 3.0 * low, steps.w, counts.w),
    probe_texel(cell.xz, counts.xyz, 3.0 * high, steps.w, counts.w), up);
  found.green = mix(probe_texel(cell.xz, counts.xyz, 3.0 * low + 1.0, steps.w, counts.w),
    probe_texel(cell.xz, counts.xyz, 3.0 * high + 1.0, steps.w, counts.w), up);
  found.blue = mix(probe_texel(cell.xz, counts.xyz, 3.0 * low + 2.0, steps.w, counts.w),
    probe_texel(cell.xz, counts.xyz, 3.0 * high + 2.0, steps.w, counts.w), up);
  return found;
}

// Irradiance over pi of what faces n: never negative, and right for light from one side (Hazel, "Converting SH radiance to
// irradiance", 2017).
fn probe_facing(light: vec4<f32>, n: vec3<f32>) -> f32 {
  let mean = max(light.w, 1e-6);
  let long = length(light.xyz);
  let r = min(long / mean, 0.999);
  let q = saturate(0.5 + 0.5 * dot(n, light.xyz) / max(long, 1e-9));
  let p = 1.0 + 2.0 * r;
  let a = (1.0 - r) / (1.0 + r);
  return light.w * (a + (1.0 - a) * (p + 1.0) * pow(q, p));
}

// The light that a surface at p (camera-relative) that faces n gets, times how much probes know of the place (alpha).
fn probed(p: vec3<f32>, geometric: vec3<f32>, n: vec3<f32>) -> vec4<f32> {
  var found = vec4<f32>(0.0);
  for (var volume = 0u; volume < u32(frame.probe_state.x); volume++) {
    let place = frame.probe_volumes[3u * volume];
    let steps = frame.probe_volumes[3u * volume + 1u];
    let count = frame.probe_volumes[3u * volume + 2u].xyz;
    // Off the surface, so that probes behind it count less.
    let off = geometric * (0.3 / max(max(steps.x, steps.y), steps.z));
    let cell = (p + off - place.xyz) * steps.xyz;
    let inside = min(cell + 0.5, count - 0.5 - cell); // cells to the border
    let border = min(min(inside.x, inside.y), inside.z);
    if (border > -0.25 && found.a < 1.0) {
      let light = probe_light_at(volume, clamp(cell, vec3<f32>(0.0), count - 1.0));
      let share = saturate(1.0 + 4.0 * border) * place.w * (1.0 - found.a);
      let facing = vec3<f32>(probe_facing(light.red, n), probe_facing(light.green, n), probe_facing(light.blue, n));
      found += vec4<f32>(facing, 1.0) * share;
    }
  }
  return found;
}

// What a surface that faces n gets of the sky, or of what probes know. n may be bent by what is near.
fn ambient_irradiance(p: vec3<f32>, geometric: vec3<f32>, n: vec3<f32>) -> vec3<f32> {
  let sky = sky_irradiance(n);
  if (frame.probe_state.x < 1.0) {
    return sky;
  }
  let around = probed(p, geometric, n);
  return around.rgb + sky * (1.0 - around.a);
}

// What mirror probes saw where r points to from p (camera-relative), as if all of it were the walls of their boxes; alpha: how
// much of it they know.
fn probe_mirrors(p: vec3<f32>, r: vec3<f32>, roughness: f32) -> vec4<f32> {
  var sum = vec4<f32>(0.0);
  for (var mirror = 0u; mirror < u32(frame.probe_state.y); mirror++) {
    let place = frame.probe_mirrors[2u * mirror];
    let box = frame.probe_mirrors[2u * mirror + 1u];
    let from_middle = p - place.xyz;
    let beyond = max(abs(from_middle) - box.xyz, vec3<f32>(0.0)) / (0.1 * box.xyz + 0.05);
    let share = place.w * (1.0 - saturate(max(max(beyond.x, beyond.y), beyond.z)));
    if (share > 0.0) {
      let start = clamp(from_middle, -box.xyz, box.xyz);
      let way = select(r, vec3<f32>(1e-6), abs(r) < vec3<f32>(1e-6));
      let ends = (select(-box.xyz, box.xyz, way > vec3<f32>(0.0)) - start) / way;
      let toward = start + r * min(min(ends.x, ends.y), ends.z);
      let corner = vec2<f32>((box.w % 2.0) * 2.0 * f32(MIRROR_SIDE), AIR_SIZE.y + floor(box.w / 2.0) * f32(MIRROR_SIDE));
      let level = pow(saturate(roughness), 0.6667) * (f32(MIRRORS) - 1.0);
      let light = mirror_at(corner, octahedral_place(normalize(toward + vec3<f32>(0.0, 1e-6, 0.0))), level);
      sum += vec4<f32>(light, 1.0) * share;
    }
  }
  return sum / max(sum.a, 1.0);
}

// The radiance that comes from where r points to, blurred as a surface of this roughness sees it: what mirror probes saw, else
// the sky's as far as light probes say that it is seen there, and beside it their own light.
fn mirrored_around(p: vec3<f32>, r: vec3<f32>, roughness: f32, geometric: vec3<f32>) -> vec3<f32> {
  var found = sky_reflection(r, roughness);
  if (frame.probe_state.x > 0.0) {
    let around = probed(p, geometric, r);
    let open = saturate(around.rgb / max(sky_irradiance(r) * around.a, vec3<f32>(1e-6)));
    let sky = min(min(open.r, open.g), open.b) * around.a;
    found = found * (1.0 - around.a + sky) + around.rgb * (1.0 - sky / max(around.a, 1e-6));
  }
  if (frame.probe_state.y > 0.0) {
    let near = probe_mirrors(p, r, roughness);
    found = found * (1.0 - near.a) + near.rgb;
  }
  return found;
}
