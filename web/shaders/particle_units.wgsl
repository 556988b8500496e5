// The vertex stage of what moves particles: a quad over the texels of PARTICLE_UNIT of them.
struct UnitIn {
  @location(0) number: f32,
  @location(15) row: u32, // ROW_LOCATION
  @builtin(vertex_index) corner: u32,
}

struct UnitVaryings {
  @builtin(position) clip: vec4<f32>,
  @location(0) @interpolate(flat) origin: vec3<f32>, // of the emitter, from the camera
  @location(1) @interpolate(flat) rotation: vec4<f32>,
}

struct Motes {
  @location(0) place: vec4<f32>, // from the emitter, in the world's axes; the age in seconds
  @location(1) motion: vec4<f32>, // metres a second; the particle's number, 0 = there is none
}

@vertex
fn vertex_main(in: UnitIn) -> UnitVaryings {
  let unit = u32(in.number);
  let across = PARTICLES_SIDE / PARTICLE_UNIT;
  let first = vec2<f32>(f32((unit % across) * PARTICLE_UNIT), f32(unit / across));
  let corner = vec2<f32>(f32((in.corner & 1u) * PARTICLE_UNIT), f32(in.corner >> 1u));
  let at = (first + corner) / f32(PARTICLES_SIDE);
  var out: UnitVaryings;
  out.clip = vec4<f32>(at.x * 2.0 - 1.0, 1.0 - at.y * 2.0, 0.5, 1.0);
  out.origin = from_camera(vec3<f32>(0.0), position_of(in.row));
  out.rotation = rotation_of(in.row);
  return out;
}
