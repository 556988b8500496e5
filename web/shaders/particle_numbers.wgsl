// What an emitter says of its particles (effects/emitters.py writes them), and the dice of each particle.
fn emitter(number: u32) -> vec4<f32> {
  return material.uv[2u + number];
}

// A permutation of 32 bits (O'Neill 2014, PCG's RXS M XS).
fn scrambled(n: u32) -> u32 {
  let state = n * 747796405u + 2891336453u;
  let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
  return (word >> 22u) ^ word;
}

// What makes a particle another than the rest: its number, and the emitter's seed.
fn dice_of(number: f32, seed: f32) -> u32 {
  return scrambled(u32(number) ^ scrambled(u32(seed)));
}

// From 0 to 1; the same on every GPU.
fn rolled(dice: u32, which: u32) -> f32 {
  return f32(scrambled(dice + which) >> 8u) / 16777216.0;
}

// Seconds; limits: the shortest and the longest.
fn lifetime_of(dice: u32, limits: vec2<f32>) -> f32 {
  return mix(limits.x, limits.y, rolled(dice, 0u));
}
