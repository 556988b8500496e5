// The texture `air`, looked up by everything that is lit or seen through air.

// Octahedral (Cigolle et al. 2014) about the y axis: the upper half is the inner diamond.
fn octahedral_place(d: vec3<f32>) -> vec2<f32> {
  let e = d.xz / max(abs(d.x) + abs(d.y) + abs(d.z), 1e-6);
  let folded = (1.0 - abs(e.yx)) * select(vec2<f32>(-1.0), vec2<f32>(1.0), e >= vec2<f32>(0.0));
  return select(folded, e, d.y >= 0.0) * 0.5 + 0.5;
}

fn octahedral_direction(at: vec2<f32>) -> vec3<f32> {
  let e = at * 2.0 - 1.0;
  let y = 1.0 - abs(e.x) - abs(e.y);
  let folded = (1.0 - abs(e.yx)) * select(vec2<f32>(-1.0), vec2<f32>(1.0), e >= vec2<f32>(0.0));
  let flat = select(folded, e, y >= 0.0);
  return normalize(vec3<f32>(flat.x, y, flat.y));
}

// Of a level of the mirrored sky.
fn mirror_roughness(level: f32) -> f32 {
  let share = level / (f32(MIRRORS) - 1.0);
  return share * sqrt(share);
}

// corner: of its levels, in texels of the air.
fn mirror_level(corner: vec2<f32>, place: vec2<f32>, level: f32) -> vec3<f32> {
  let whole = f32(MIRROR_SIDE);
  let side = whole * exp2(-level);
  let at = corner + vec2<f32>(2.0 * whole - 2.0 * side, 0.0) + place * (side - 1.0) + 0.5;
  return textureSampleLevel(air, linear_sampler, at / vec2<f32>(textureDimensions(air)), 0.0).rgb;
}

// The sky's radiance from a direction, blurred as a surface of this roughness sees it. Sky and ground meet at the horizon,
// across the texels: what looks there, looks a texel beside, on its own side.
fn mirrored_air(direction: vec3<f32>, roughness: f32) -> vec3<f32> {
  let level = pow(saturate(roughness), 0.6667) * (f32(MIRRORS) - 1.0);
  let beside = 1.5 / f32(MIRROR_SIDE) * exp2(level) * saturate(3.0 - level);
  let up = sqrt(direction.y * direction.y + beside * beside) * select(-1.0, 1.0, direction.y >= 0.0);
  return mirror_at(vec2<f32>(0.0, f32(SLICE)), octahedral_place(vec3<f32>(direction.x, up, direction.z)), level);
}

fn mirror_at(corner: vec2<f32>, place: vec2<f32>, level: f32) -> vec3<f32> {
  let low = floor(level);
  return mix(mirror_level(corner, place, low), mirror_level(corner, place, min(low + 1.0, f32(MIRRORS) - 1.0)), level - low);
}

// A clear sky's radiance from a direction as clouds that close the sky leave it: three times as bright above as around, and
// something of it from the ground.
fn under_clouds(direction: vec3<f32>, clear: vec3<f32>) -> vec3<f32> {
  let shape = select(0.08, (1.0 + 2.0 * direction.y) / 3.0, direction.y >= 0.0);
  return mix(clear, frame.overcast.rgb * shape, frame.overcast.w);
}

// The air between the camera and something so many metres away: what it adds, and what it leaves.
fn air_slice(place: vec2<f32>, slice: f32) -> vec4<f32> {
  let side = f32(SLICE);
  let at = vec2<f32>(slice * side, 0.0) + saturate(place) * (side - 1.0) + 0.5;
  return textureSampleLevel(air, linear_sampler, at / vec2<f32>(textureDimensions(air)), 0.0);
}

fn air_between(direction: vec3<f32>, distance: f32) -> vec4<f32> {
  let along = sqrt(saturate(distance * (0.001 / FAR_KM))) * f32(DEPTHS) - 1.0;
  let place = sky_place(direction);
  if (along < 0.0) {
    let near = (1.0 + along) * (1.0 + along);
    return mix(vec4<f32>(0.0, 0.0, 0.0, 1.0), air_slice(place, 0.0), near);
  }
  let low = floor(along);
  return mix(air_slice(place, low), air_slice(place, min(low + 1.0, f32(DEPTHS) - 1.0)), along - low);
}
