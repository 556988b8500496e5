// What rain does to surfaces: porous ones get darker, all get smoother, and on level ground water stands in hollows
// (Lagarde, "Water drop 3b: physically based wet surfaces", 2013).
struct Wet {
  color: vec3<f32>,
  roughness: f32,
  normal: vec3<f32>,
}

const POOL_ROUGHNESS = 0.07;

// How much of a place is under a pool that stands in a hollow of level ground. amount: of wetness there.
fn pool_at(p: vec3<f32>, geometric: vec3<f32>, amount: f32) -> f32 {
  let level = smoothstep(0.92, 0.985, geometric.y);
  if (amount <= 0.0 || level <= 0.0) {
    return 0.0;
  }
  let ground = pattern_position(p).xz;
  let hollow = 0.5 + 0.6 * noise2(ground / 2.6, 3).z + 0.3 * noise2(ground / 0.9, 7).z;
  return level * smoothstep(1.0 - 0.62 * amount, 1.12 - 0.62 * amount, hollow);
}

// p: camera-relative; geometric: the unperturbed normal.
fn wetted(color: vec3<f32>, roughness: f32, normal: vec3<f32>, metallic: f32, p: vec3<f32>, geometric: vec3<f32>) -> Wet {
  if (frame.weather.x <= 0.0) {
    return Wet(color, roughness, normal);
  }
  let open = open_sky(p, geometric);
  let amount = frame.weather.x * open;
  let wet = amount * mix(0.3, 1.0, smoothstep(-0.2, 0.7, geometric.y));
  let ground = pattern_position(p).xz;
  let pool = pool_at(p, geometric, amount);
  let porous = saturate(1.6 * roughness - 0.4) * (1.0 - metallic);
  var found = Wet(color * mix(1.0, 0.35, wet * porous), mix(roughness, roughness * 0.55, wet), normal);
  found.color *= mix(1.0, 0.7, pool);
  found.roughness = mix(found.roughness, POOL_ROUGHNESS, pool);
  var flat = geometric;
  let drops = frame.weather.y * open;
  if (drops > 0.0 && pool > 0.0) {
    // Rings where drops fall: a cell has one a second or so.
    let cell = floor(ground * 3.0);
    let dice = fract(sin(dot(cell, vec2<f32>(12.9898, 78.233))) * 43758.5453);
    let age = fract(frame.camera_hi.w * 1.3 + dice);
    let from_drop = fract(ground * 3.0) - 0.5;
    let away = length(from_drop);
    let ring = sin(40.0 * (away - 0.5 * age)) * saturate(1.0 - abs(away - 0.5 * age) * 8.0) * (1.0 - age);
    let slope = from_drop / max(away, 1e-3) * (0.25 * ring * drops * saturate(6.0 - 0.3 * length(p)));
    flat = normalize(geometric + vec3<f32>(slope.x, 0.0, slope.y));
  }
  found.normal = normalize(mix(normal, flat, pool));
  return found;
}
