// How much of the sky each place sees, from where mostly, and whether something near stands between it and the sun: from
// depth of half the size. Jimenez et al., "Practical real-time strategies for accurate indirect occlusion" (2016), steps and
// falloff as in XeGTAO (Intel 2021). Red: the share that is seen; green and blue: the mean open direction, octahedral; alpha:
// the share of the sun.
const SLICES = 2;
const STEPS = 3; // to each side
const REACH_TEXELS = 64.0; // on the screen
const SUN_STEPS = 12;

// Relative to the camera, of the middle of a texel.
fn texel_place(texel: vec2<i32>, size: vec2<f32>) -> vec3<f32> {
  let at = clamp(texel, vec2<i32>(0), vec2<i32>(size) - 1);
  return place_at((vec2<f32>(at) + 0.5) / size, textureLoad(half_depth, at, 0));
}

// Of two neighbours the difference to the one that is nearer: the other may lie behind an edge. At the picture's border the
// one that is not there is the place itself.
fn smaller_step(p: vec3<f32>, before: vec3<f32>, after: vec3<f32>) -> vec3<f32> {
  let a = p - before;
  let b = after - p;
  return select(b, a, dot(b, b) <= 0.0 || (dot(a, a) > 0.0 && dot(a, a) < dot(b, b)));
}

// Angles of the 16 places of a 4 x 4 tile, all different, neighbours far apart: denoise.wgsl takes their mean.
fn tile_noise(texel: vec2<i32>) -> f32 {
  let x = texel.x & 3;
  let y = texel.y & 3;
  return (f32(((x + y) & 3) * 4 + ((y * 2 + x) & 3)) + 0.5) / 16.0;
}

// The sun's light past what stands near, along the way to it.
fn contact(p: vec3<f32>, n: vec3<f32>, start: f32) -> f32 {
  let l = frame.sun_direction.xyz;
  let reach = frame.ambient.z;
  let facing = dot(n, l);
  if (reach <= 0.0 || l.y <= 0.0 || facing <= 0.05) {
    return 1.0;
  }
  let size = vec2<f32>(textureDimensions(half_depth));
  let from_depth = sight_of(p);
  let end = clip_of(p + l * reach);
  let begin = clip_of(p + n * (0.004 * from_depth));
  if (end.w <= 0.0 || begin.w <= 0.0) {
    return 1.0;
  }
  let span = length((end.xy / end.w - begin.xy / begin.w) * size * 0.5);
  let strength = saturate((span - 2.0) / 4.0); // below some texels nothing can be told
  if (strength <= 0.0) {
    return 1.0;
  }
  var hidden = 0.0;
  for (var k = 0; k < SUN_STEPS; k++) {
    let t = (f32(k) + start) / f32(SUN_STEPS);
    let clip = mix(begin, end, t);
    let uv = clip.xy / clip.w * vec2<f32>(0.5, -0.5) + 0.5;
    if (any(uv < vec2<f32>(0.0)) || any(uv >= vec2<f32>(1.0))) {
      break;
    }
    let ray = sight_of(p + l * (reach * t));
    let seen = sight_depth(textureLoad(half_depth, vec2<i32>(uv * size), 0));
    let behind = ray - seen;
    if (behind > 0.004 * from_depth + 0.01 * reach && behind < reach * 0.6) {
      hidden = max(hidden, 1.0 - t * t);
    }
  }
  return 1.0 - hidden * strength * smoothstep(0.05, 0.25, facing);
}

@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let size = vec2<f32>(textureDimensions(half_depth));
  let last = vec2<i32>(size) - 1;
  let texel = texel_of(in, size);
  let d = textureLoad(half_depth, texel, 0);
  if (d <= 0.0) {
    return vec4<f32>(1.0, 0.0, 1.0, 1.0);
  }
  let p = texel_place(texel, size);
  let across = smaller_step(p, texel_place(texel - vec2<i32>(1, 0), size), texel_place(texel + vec2<i32>(1, 0), size));
  let down = smaller_step(p, texel_place(texel - vec2<i32>(0, 1), size), texel_place(texel + vec2<i32>(0, 1), size));
  let m = frame.view_projection;
  let sight = sight_direction();
  let row_x = vec3<f32>(m[0].x, m[1].x, m[2].x);
  let row_y = vec3<f32>(m[0].y, m[1].y, m[2].y);
  let right = normalize(row_x - sight * dot(row_x, sight));
  let up_scaled = row_y - sight * dot(row_y, sight);
  let up = normalize(up_scaled);
  let clip_w = clip_of(p).w;
  let parallel = abs(m[0].w) + abs(m[1].w) + abs(m[2].w) < 1e-9;
  let v = select(-normalize(p), -sight, parallel);
  let crossed = cross(down, across);
  let n = select(v, normalize(crossed), dot(crossed, crossed) > 1e-30);
  let noise = tile_noise(texel);
  let sun = contact(p, n, fract(noise * 5.0 + 0.3));
  let wanted = frame.ambient.y * length(up_scaled) / clip_w * 0.5 * size.y; // the radius, texels
  let reach = min(wanted, REACH_TEXELS);
  if (reach < 1.0) { // too small to see
    return vec4<f32>(1.0, to_octahedral(n), sun);
  }
  let radius = frame.ambient.y * reach / wanted;
  var visible = 0.0;
  var bent = vec3<f32>(0.0);
  for (var slice = 0; slice < SLICES; slice++) {
    let turn = (f32(slice) + noise) * (3.14159265 / f32(SLICES));
    let way = vec2<f32>(cos(turn), sin(turn));
    let direction = right * way.x + up * way.y;
    let flat = direction - v * dot(direction, v);
    let side = normalize(flat);
    let axis = normalize(cross(flat, v));
    let projected = n - axis * dot(axis, n);
    let share = length(projected);
    let cosine = saturate(dot(projected, v) / max(share, 1e-6));
    let angle = sign(dot(flat, projected)) * acos(cosine);
    let low_front = cos(angle + 1.57079633);
    let low_back = cos(angle - 1.57079633);
    var front = low_front;
    var back = low_back;
    for (var k = 0; k < STEPS; k++) {
      let t = (f32(k) + fract(noise * 7.0 + f32(slice) * 0.5 + 0.2)) / f32(STEPS);
      let offset = vec2<i32>(round(vec2<f32>(way.x, -way.y) * max(t * t * reach, 1.3)));
      let a = texel_place(texel + offset, size) - p;
      let b = texel_place(texel - offset, size) - p;
      let far_a = length(a);
      let far_b = length(b);
      front = max(front, mix(low_front, dot(a, v) / max(far_a, 1e-20), saturate(2.6 - 2.6 * far_a / radius)));
      back = max(back, mix(low_back, dot(b, v) / max(far_b, 1e-20), saturate(2.6 - 2.6 * far_b / radius)));
    }
    let h0 = -acos(clamp(back, -1.0, 1.0));
    let h1 = acos(clamp(front, -1.0, 1.0));
    visible += share * 0.25 * (2.0 * cosine + 2.0 * (h0 + h1) * sin(angle) - cos(2.0 * h0 - angle) - cos(2.0 * h1 - angle));
    let t0 = (6.0 * sin(h0 - angle) - sin(3.0 * h0 - angle) + 6.0 * sin(h1 - angle) - sin(3.0 * h1 - angle)
      + 16.0 * sin(angle) - 3.0 * (sin(h0 + angle) + sin(h1 + angle))) / 12.0;
    let t1 = (8.0 * cos(angle) - cos(3.0 * h0 - angle) - cos(3.0 * h1 - angle)
      - 3.0 * (cos(h0 + angle) + cos(h1 + angle))) / 12.0;
    bent += (side * t0 + v * t1) * share;
  }
  let open = saturate(visible / f32(SLICES));
  let fade = saturate((reach - 1.0) / 3.0);
  let seen = mix(1.0, open, fade);
  let toward = normalize(mix(n, normalize(bent + n * 1e-3), fade));
  return vec4<f32>(seen, to_octahedral(toward), sun);
}
