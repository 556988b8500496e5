// The bindings of every mesh pass; the blocks are generated (gen/blocks.wgsl), and a kind's textures (gen/slots_*.wgsl).
// What selects a variant of a pipeline: material flags, and the pass.
override MASK: bool = false;
override BLEND: bool = false;
override WIND: bool = false;
override SHADOW_PASS: bool = false;
override METRES: bool = false;
override FOG: bool = true;
// There may be more to a surface than pbr has (layers.wgsl).
override LAYERED: bool = false;
// Alpha says how many of a pixel's samples are drawn.
override COVERAGE: bool = false;
// A tile that comes for another one, or goes for it, is drawn in some of its pixels.
override FADES: bool = false;

@group(0) @binding(0) var<uniform> frame: FrameBlock;

@group(1) @binding(0) var<uniform> material: MaterialBlock;

@group(2) @binding(0) var<uniform> draw: DrawBlock;

const PI = 3.14159265358979;
// Interpolation rounds: alpha that is equal to the cutoff may come out a little lower. A step of 8 bits is 4 times this.
const CUTOFF_ROUNDING = 0.001;

// What the vertex shader hands to the fragment shader; position is camera-relative.
struct Varyings {
  @builtin(position) clip: vec4<f32>,
  @location(0) position: vec3<f32>,
  @location(1) normal: vec3<f32>,
  @location(2) tangent: vec4<f32>,
  @location(3) uv: vec2<f32>,
  @location(4) color: vec4<f32>,
  @location(5) uv1: vec2<f32>,
  @location(6) @interpolate(flat) row: u32,
  @location(7) @interpolate(flat) adapted_ev: f32,
  @location(8) @interpolate(flat) scale: f32, // of the row, the mean of its three; where LAYERED
  @location(9) @interpolate(flat) fade: f32, // the row's code; where FADES
}

// What automatic exposure adds. Draws look it up in the vertex stage: the fragment stage has no texture unit to spare.
fn exposure_ev() -> f32 {
  if (frame.view_exposure.w >= 0.0) {
    return textureLoad(exposure, vec2<i32>(0), 0).r;
  }
  return 0.0; // what the texture has is old
}

// Noise of a pixel, 0 to 1, even among its neighbours: interleaved gradient noise (Jimenez 2014).
fn interleaved_noise(pixel: vec2<f32>) -> f32 {
  return fract(52.9829189 * fract(dot(pixel, vec2<f32>(0.06711056, 0.00583715))));
}

// Whether a pixel is the other level's. code: of stream/fades.py. Of two levels that take turns each pixel has exactly one:
// both have the same share and the same noise, which moves with the pictures of temporal antialiasing.
fn faded(code: f32, pixel: vec2<f32>) -> bool {
  let arrives = code < f32(FADE_LEAVES) - 0.5;
  let share = (code - select(f32(FADE_LEAVES), f32(FADE_ARRIVES), arrives)) / f32(FADE_STEPS);
  return (interleaved_noise(floor(pixel) + floor(frame.temporal.xy * 64.0)) < share) != arrives;
}

// Where a pattern in space is looked up: float32 scene positions would tear it apart far from the origin.
fn pattern_position(p: vec3<f32>) -> vec3<f32> {
  return p + frame.pattern_camera.xyz;
}
