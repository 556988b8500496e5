// The material kind "particles": quads that face the camera. Drawn over the resolved picture, whose depth hides them and
// lets them fade where they touch something. Colours are multiplied by their alpha: what adds light has none left.
struct ParticleIn {
  @location(0) number: f32,
  @location(15) row: u32, // ROW_LOCATION
  @builtin(vertex_index) corner: u32,
}

struct ParticleVaryings {
  @builtin(position) clip: vec4<f32>,
  @location(0) position: vec3<f32>,
  @location(1) at: vec2<f32>, // -1 to 1, right and up
  @location(2) uv: vec2<f32>,
  @location(3) @interpolate(flat) color: vec4<f32>,
  @location(4) @interpolate(flat) row: u32,
  @location(5) @interpolate(flat) adapted_ev: f32,
}

const KEYS = 8u; // of a curve, at even shares of a life

fn size_at(share: f32) -> f32 {
  let at = share * f32(KEYS - 1u);
  let key = min(u32(at), KEYS - 2u);
  let low = emitter(1u + (key >> 2u))[key & 3u];
  let high = emitter(1u + ((key + 1u) >> 2u))[(key + 1u) & 3u];
  return mix(low, high, at - f32(key));
}

fn color_at(share: f32) -> vec4<f32> {
  let at = share * f32(KEYS - 1u);
  let key = min(u32(at), KEYS - 2u);
  return mix(emitter(3u + key), emitter(4u + key), at - f32(key));
}

@vertex
fn vertex_main(in: ParticleIn) -> ParticleVaryings {
  let more = emitter(13u); // how much sizes differ; the seed; of weather metres of its box's side, else 0; how many fall
  let index = u32(in.number);
  let texel = vec2<u32>(index % PARTICLES_SIDE, index / PARTICLES_SIDE);
  var place = textureLoad(particle_place, texel, 0);
  var motion = textureLoad(particle_motion, texel, 0);
  let life = emitter(0u); // shortest, longest; slowest and fastest turn, radians a second
  let look = emitter(11u); // how much it adds instead of covering; whether it is lit; metres of the fade; stretch
  if (more.z > 0.0) {
    motion = vec4<f32>(emitter(4u).xyz, select(0.0, in.number + 1.0, in.number < more.w));
  }
  let dice = dice_of(motion.w, more.y);
  var share = place.w / max(lifetime_of(dice, life.xy), 1e-6);
  var out: ParticleVaryings;
  out.row = in.row;
  out.adapted_ev = exposure_ev();
  let m = frame.view_projection;
  let right = normalize(vec3<f32>(m[0].x, m[1].x, m[2].x));
  let up = normalize(vec3<f32>(m[0].y, m[1].y, m[2].y));
  var p = place.xyz + from_camera(vec3<f32>(0.0), position_of(in.row));
  var clear = 1.0;
  if (more.z > 0.0) {
    // What falls is everywhere: a box around the camera repeats without end, and moves on in the world.
    let sway = vec3<f32>(sin(frame.camera_hi.w + 40.0 * rolled(dice, 3u)), 0.0, cos(0.8 * frame.camera_hi.w + 40.0 * rolled(dice, 4u)));
    let start = vec3<f32>(rolled(dice, 5u), rolled(dice, 6u), rolled(dice, 7u)) + sway * (life.w / more.z);
    let q = fract(start + life.xyz - frame.pattern_camera.xyz / more.z) - 0.5;
    p = q * more.z;
    clear = 1.0 - smoothstep(0.3, 0.5, max(max(abs(q.x), abs(q.y)), abs(q.z)));
    share = 0.0;
    place.w = 0.0;
  }
  let given = 0.5 * size_at(clamp(share, 0.0, 1.0)) * (1.0 + more.x * (2.0 * rolled(dice, 8u) - 1.0));
  // What is narrower than a pixel gets fainter instead.
  let size = max(given, 0.7 * (m * vec4<f32>(p, 1.0)).w * frame.viewport.w / max(length(vec3<f32>(m[0].y, m[1].y, m[2].y)), 1e-6));
  clear *= min(given / max(size, 1e-9), 1.0);
  let turn = 2.0 * PI * rolled(dice, 9u) + mix(life.z, life.w, rolled(dice, 10u)) * place.w;
  var along = right * cos(turn) + up * sin(turn);
  var across = up * cos(turn) - right * sin(turn);
  if (look.w > 0.0) {
    // Along the way that it goes, longer by what it goes in `stretch` seconds.
    let seen_motion = right * dot(right, motion.xyz) + up * dot(up, motion.xyz);
    let speed = length(seen_motion);
    across = select(up, seen_motion / max(speed, 1e-6), speed > 1e-6);
    along = right * dot(up, across) - up * dot(right, across);
    across *= 1.0 + 0.5 * speed * look.w / max(size, 1e-6);
  }
  out.at = vec2<f32>(f32(in.corner & 1u), f32(in.corner >> 1u)) * 2.0 - 1.0;
  out.position = p + (along * out.at.x + across * out.at.y) * size;
  out.clip = m * vec4<f32>(out.position, 1.0);
  let tint = color_of(in.row);
  out.color = color_at(clamp(share, 0.0, 1.0)) * vec4<f32>(srgb_to_linear(tint.rgb), tint.a * clear);
  let sheet = emitter(12u); // columns and rows of the picture; whether it is a film of one life; brightness
  let frames = sheet.x * sheet.y;
  let number = min(floor(select(rolled(dice, 11u), share, sheet.z > 0.0) * frames), frames - 1.0);
  let cell = vec2<f32>(number % sheet.x, floor(number / sheet.x));
  out.uv = (cell + out.at * vec2<f32>(0.5, -0.5) + 0.5) / sheet.xy;
  // Also where a number is NaN.
  if (motion.w == 0.0 || !(share < 1.0) || !(given > 0.0) || !(out.color.a > 0.0)) {
    out.clip = vec4<f32>(0.0, 0.0, -1.0, 1.0);
  }
  return out;
}

@fragment
fn fragment_main(in: ParticleVaryings) -> Seen {
  adapted_ev = in.adapted_ev;
  var color = in.color;
  if ((material.bound & HAS_BASE_COLOR) != 0u) {
    color *= textureSampleBias(base_color_texture, base_color_sampler, in.uv, frame.upscale.y);
  } else {
    let soft = saturate(1.0 - dot(in.at, in.at));
    color.a *= soft * soft;
  }
  let p = in.position;
  if (emitter(13u).z > 0.0) {
    color.a *= open_sky(p, vec3<f32>(0.0)); // what falls, falls on roofs
  }
  let away = depth_of(p);
  let look = emitter(11u);
  let surface = surface_at(vec2<i32>(in.clip.xy));
  let room = select(1e9, depth_of(surface.xyz) - away, surface.w > 0.0);
  // It also fades where it comes through the camera.
  color.a *= saturate(room / max(look.z, 1e-4)) * saturate(away / (2.0 * look.z + 0.05));
  if (!(color.a > 0.0) || room <= 0.0) {
    discard;
  }
  var radiance = color.rgb * emitter(12u).w;
  if (look.y > 0.0) {
    let flat = dot(in.at, in.at);
    let view = -normalize(p);
    let m = frame.view_projection;
    let right = normalize(vec3<f32>(m[0].x, m[1].x, m[2].x));
    let up = normalize(vec3<f32>(m[0].y, m[1].y, m[2].y));
    let n = normalize((right * in.at.x + up * in.at.y) * 0.8 + view * sqrt(max(1.0 - 0.64 * flat, 0.1)));
    // Light goes through it as well: it has no dark side.
    let through = ambient_irradiance(p, n, n) + frame.sun_color.rgb * (sun_visibility(p, n) * 0.25 * (0.6 + 0.4 * dot(n, frame.sun_direction.xyz)));
    radiance *= through;
    radiance += lamp_light(plain_surface(color.rgb, n, 0.0, 1.0, 1.0), view, p, n);
  }
  let haze = haze_before(p); // before what covers it is seen, what adds light adds none of it
  let seen_color = exposed(radiance * haze.a + haze.rgb * (1.0 - look.x));
  return seen(vec4<f32>(seen_color * color.a, color.a * (1.0 - look.x)), 0.0, p, in.row);
}
