// The material kind "step": one frame in the life of an emitter's particles. The particles of an emitter are a ring: those
// born in this frame follow the head.
const NEAR_SURFACE_M = 0.3; // so far behind what is seen a particle may have come through it

struct Mote {
  place: vec3<f32>,
  velocity: vec3<f32>,
}

// Exact for constant gravity, wind and drag, so that the rate of frames changes nothing.
fn advanced(mote: Mote, seconds: f32) -> Mote {
  let pull = emitter(3u);
  if (pull.w < 1e-3) {
    return Mote(mote.place + mote.velocity * seconds + pull.xyz * (0.5 * seconds * seconds), mote.velocity + pull.xyz * seconds);
  }
  let end = emitter(4u).xyz + pull.xyz / pull.w; // what it comes to
  let left = exp(-pull.w * seconds);
  let away = mote.velocity - end;
  return Mote(mote.place + end * seconds + away * ((1.0 - left) / pull.w), end + away * left);
}

// Where it begins, in the emitter's axes.
fn birthplace(dice: u32) -> vec3<f32> {
  let shape = emitter(5u);
  let u = vec3<f32>(rolled(dice, 2u), rolled(dice, 3u), rolled(dice, 4u));
  let turn = 2.0 * PI * u.x;
  if (shape.x == 1.0) { // a ball
    let y = 2.0 * u.y - 1.0;
    let flat = sqrt(max(1.0 - y * y, 0.0));
    return vec3<f32>(cos(turn) * flat, y, sin(turn) * flat) * (shape.y * pow(u.z, 1.0 / 3.0));
  }
  if (shape.x == 2.0) { // a disc
    return vec3<f32>(cos(turn), 0.0, sin(turn)) * (shape.y * sqrt(u.y));
  }
  if (shape.x == 3.0) { // a box
    return (u - 0.5) * shape.yzw;
  }
  return vec3<f32>(0.0);
}

fn born(in: UnitVaryings, dice: u32, share: f32) -> Mote {
  let more = emitter(7u); // the seed, cosine of the spread, turbulence and its size
  let up = mix(more.y, 1.0, rolled(dice, 5u));
  let flat = sqrt(max(1.0 - up * up, 0.0));
  let turn = 2.0 * PI * rolled(dice, 6u);
  let direction = rotate(in.rotation, vec3<f32>(cos(turn) * flat, up, sin(turn) * flat));
  let speed = mix(emitter(2u).w, emitter(4u).w, rolled(dice, 7u));
  let from_here = emitter(2u).xyz * (1.0 - share);
  return Mote(from_here + rotate(in.rotation, birthplace(dice)), direction * speed + emitter(6u).xyz);
}

// What is seen stops it. What lies behind it nobody knows, so it counts as thin.
fn bounced(in: UnitVaryings, mote: Mote, seconds: f32) -> Mote {
  let bounce = emitter(6u).w;
  let p = in.origin + mote.place;
  let clip = frame.view_projection * vec4<f32>(p, 1.0);
  let ndc = clip.xy / max(clip.w, 1e-6);
  if (bounce < 0.0 || clip.w <= 0.0 || max(abs(ndc.x), abs(ndc.y)) >= 1.0) {
    return mote;
  }
  let texel = vec2<i32>((ndc * vec2<f32>(0.5, -0.5) + 0.5) * vec2<f32>(textureDimensions(depth)));
  let surface = surface_at(texel);
  let behind = depth_of(p) - depth_of(surface.xyz);
  if (surface.w == 0.0 || behind < 0.0 || behind > NEAR_SURFACE_M + length(mote.velocity) * seconds) {
    return mote;
  }
  let normal = facing_of(slope_at(texel, vec2<i32>(1, 0), surface.xyz), slope_at(texel, vec2<i32>(0, 1), surface.xyz), surface.xyz);
  let into = dot(mote.velocity, normal);
  if (into >= 0.0) {
    return mote;
  }
  let along = mote.velocity - normal * into;
  return Mote(surface.xyz - in.origin + normal * 0.01, along * 0.8 - normal * (into * bounce));
}

@fragment
fn fragment_main(in: UnitVaryings) -> Motes {
  let texel = vec2<i32>(in.clip.xy);
  let ring = emitter(0u); // first, capacity, head, how many are born
  let time = emitter(1u); // how many were born, seconds, shortest and longest life
  let index = f32(texel.y * i32(PARTICLES_SIDE) + texel.x) - ring.x;
  var after_head = index - ring.z;
  if (after_head < 0.0) {
    after_head += ring.y;
  }
  let nothing = Motes(vec4<f32>(0.0), vec4<f32>(0.0));
  if (index < 0.0 || index >= ring.y) {
    return nothing;
  }
  let more = emitter(7u);
  var mote = Mote(vec3<f32>(0.0), vec3<f32>(0.0));
  var number = 0.0;
  var age = 0.0;
  var seconds = time.y;
  if (after_head < ring.w) {
    number = time.x + after_head + 1.0;
    let dice = dice_of(number, more.x);
    let bursts = emitter(8u).x; // the first of them are born at once, the rest over the frame
    let share = select((after_head - bursts + rolled(dice, 1u)) / max(ring.w - bursts, 1.0), 0.0, after_head < bursts);
    seconds = time.y * (1.0 - share);
    mote = born(in, dice, share);
  } else {
    let place = textureLoad(particle_place, texel, 0);
    let motion = textureLoad(particle_motion, texel, 0);
    // A ring that is new, or that has another emitter now, holds nobody.
    if (motion.w == 0.0 || emitter(8u).y > 0.0) {
      return nothing;
    }
    number = motion.w;
    age = place.w;
    mote = Mote(place.xyz + emitter(2u).xyz, motion.xyz);
  }
  age += seconds;
  mote = advanced(mote, seconds);
  if (more.z > 0.0) {
    let swirl = noise3(mote.place / more.w + vec3<f32>(0.0, -0.7 * age, 0.37 * number)).xyz;
    mote.velocity += swirl * (more.z * seconds);
  }
  mote = bounced(in, mote, seconds);
  let reach = dot(mote.place, mote.place) + dot(mote.velocity, mote.velocity);
  if (age >= lifetime_of(dice_of(number, more.x), time.zw) || !(reach < 1e12)) {
    return nothing;
  }
  return Motes(vec4<f32>(mote.place, age), vec4<f32>(mote.velocity, number));
}
