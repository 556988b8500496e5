// What ground is made of near the camera: kinds by a tile's control texture, each with a colour and a relief in layers that
// repeat. Three cells of a triangle lattice around a place have one kind and one shift of its texture each, so that no
// repetition is seen (Heitz and Neyret 2018; Mikkelsen, "Practical real-time hex-tiling", 2022), and what stands higher covers
// the rest. The baked colour stays the mean of it all: from afar nothing else is seen, and nothing else is paid.
const GROUND_CELL_M = 1.15;
const GROUND_FADES_M = vec2<f32>(25.0, 90.0); // texels of a few centimetres are narrower than a pixel there

struct Ground {
  color: vec3<f32>, // of the kinds, over what they are on average: multiplies the baked colour
  bend: vec3<f32>, // added to the normal
  roughness: f32,
  there: f32, // how much of it is seen; 0: far away, or its textures are not here
}

struct GroundSample {
  color: vec3<f32>,
  normal: vec2<f32>,
  height: f32,
}

struct GroundCell {
  kind: u32,
  expected: vec3<f32>, // the mean colour of the kinds around it
  shift: vec2<f32>,
}

fn ground_dice(cell: vec2<i32>) -> vec4<f32> {
  let q = vec2<u32>(cell);
  var h = (q.x * 0x8da6b343u) ^ (q.y * 0xd8163841u);
  h = (h ^ (h >> 15u)) * 0x2c1b3c6du;
  h = (h ^ (h >> 12u)) * 0x297a2d39u;
  h = h ^ (h >> 15u);
  let k = h * 0x9e3779b1u;
  return vec4<f32>(f32(h & 0xffffu), f32(h >> 16u), f32(k & 0xffffu), f32(k >> 16u)) / 65536.0;
}

fn ground_metres(kind: u32) -> f32 {
  return select(2.0, 4.0, ((GROUND_WIDE >> kind) & 1u) != 0u);
}

fn ground_roughness(kind: u32) -> f32 {
  let four = select(GROUND_ROUGH_LOW, GROUND_ROUGH_HIGH, kind >= 8u) >> (4u * (kind & 7u));
  return f32(four & 15u) / 15.0;
}

fn ground_mean(kind: u32) -> vec4<f32> {
  return textureSampleLevel(ground_color_texture, ground_color_sampler, vec2<f32>(0.5), kind, GROUND_LEVEL_LAST);
}

// at: texels of the control texture, of the cell's middle, so that all of a cell is one kind; dice: where beside it is
// looked, which makes edges ragged instead of square (it and a cell's reach stay within the texel that a tile has around it),
// and which of the two kinds that lie there it is.
fn ground_cell(at: vec2<f32>, dice: vec4<f32>) -> GroundCell {
  let beside = vec2<i32>(floor(at + 0.5 * (dice.xy - 0.5)));
  let texel = textureLoad(ground_control_texture, clamp(beside, vec2<i32>(0), vec2<i32>(i32(GROUND_CONTROL_TEXELS) - 1)), 0);
  let low = min(u32(texel.r * 255.0 + 0.5), GROUND_LAYERS - 1u);
  let high = min(u32(texel.g * 255.0 + 0.5), GROUND_LAYERS - 1u);
  var expected = ground_mean(low).rgb;
  if (texel.b > 0.0) {
    expected = mix(expected, ground_mean(high).rgb, texel.b);
  }
  return GroundCell(select(low, high, dice.z < texel.b), expected, dice.wx);
}

fn ground_sample(kind: u32, uv: vec2<f32>, dx: vec2<f32>, dy: vec2<f32>) -> GroundSample {
  let color = textureSampleGrad(ground_color_texture, ground_color_sampler, uv, kind, dx, dy);
  let relief = textureSampleGrad(ground_relief_texture, ground_relief_sampler, uv, kind, dx, dy);
  return GroundSample(color.rgb, (relief.xy * 2.0 - 1.0) * relief.a, relief.z * relief.a);
}

// How much of the side is seen where the ground is so steep that a texture from above would be drawn out.
fn ground_side(kind: u32, p: vec3<f32>, dx: vec3<f32>, dy: vec3<f32>, normal: vec3<f32>, color: ptr<function, vec3<f32>>,
               bend: ptr<function, vec3<f32>>) {
  let each = 1.0 / ground_metres(kind);
  let x = ground_sample(kind, vec2<f32>(p.z, -p.y) * each, vec2<f32>(dx.z, -dx.y) * each, vec2<f32>(dy.z, -dy.y) * each);
  let z = ground_sample(kind, vec2<f32>(p.x, -p.y) * each, vec2<f32>(dx.x, -dx.y) * each, vec2<f32>(dy.x, -dy.y) * each);
  let w = pow(abs(normal.xz), vec2<f32>(4.0));
  let share = w.x / max(w.x + w.y, 1e-4);
  *color = mix(z.color, x.color, share);
  *bend = mix(vec3<f32>(z.normal.x, -z.normal.y, 0.0), vec3<f32>(0.0, -x.normal.y, x.normal.x), share);
}

// p: where patterns are looked up; dx, dy: how it changes from pixel to pixel; distance_m: to the camera.
fn ground_at(p: vec3<f32>, dx: vec3<f32>, dy: vec3<f32>, uv: vec2<f32>, normal: vec3<f32>, distance_m: f32) -> Ground {
  let seen = 1.0 - smoothstep(GROUND_FADES_M.x, GROUND_FADES_M.y, distance_m);
  let known = ground_mean(0u).a * select(0.0, seen, textureDimensions(ground_control_texture).x == GROUND_CONTROL_TEXELS);
  if (known <= 0.0) {
    return Ground(vec3<f32>(1.0), vec3<f32>(0.0), 0.9, 0.0);
  }
  let row = material.uv[UV_GROUND_CONTROL].xyz;
  let here = uv * row.x + row.z;
  // The lattice, a little bent so that its edges are not straight.
  let bent = p.xz + 0.22 * vec2<f32>(noise2(p.xz * 0.9, 11).z, noise2(p.xz * 0.9, 12).z);
  let skewed = vec2<f32>(bent.x - 0.57735027 * bent.y, 1.15470054 * bent.y) / GROUND_CELL_M;
  let base = vec2<i32>(floor(skewed));
  let f = fract(skewed);
  let above = f.x + f.y > 1.0;
  var weights = vec3<f32>(1.0 - f.x - f.y, f.y, f.x);
  var at_0 = base;
  if (above) {
    weights = vec3<f32>(f.x + f.y - 1.0, 1.0 - f.x, 1.0 - f.y);
    at_0 = base + vec2<i32>(1, 1);
  }
  let at_1 = base + vec2<i32>(0, 1);
  let at_2 = base + vec2<i32>(1, 0);
  // From here to the cells' middles, in texels of the control texture.
  let across = material.ground_cells_per_m * GROUND_CELL_M;
  let own = p.xz / GROUND_CELL_M;
  let to_0 = vec2<f32>(f32(at_0.x) + 0.5 * f32(at_0.y), 0.86602540 * f32(at_0.y)) - own;
  let to_1 = vec2<f32>(f32(at_1.x) + 0.5 * f32(at_1.y), 0.86602540 * f32(at_1.y)) - own;
  let to_2 = vec2<f32>(f32(at_2.x) + 0.5 * f32(at_2.y), 0.86602540 * f32(at_2.y)) - own;
  let cell_0 = ground_cell(here + to_0 * across, ground_dice(at_0));
  let cell_1 = ground_cell(here + to_1 * across, ground_dice(at_1));
  let cell_2 = ground_cell(here + to_2 * across, ground_dice(at_2));
  let each = vec3<f32>(1.0 / ground_metres(cell_0.kind), 1.0 / ground_metres(cell_1.kind), 1.0 / ground_metres(cell_2.kind));
  let one = ground_sample(cell_0.kind, p.xz * each.x + cell_0.shift, dx.xz * each.x, dy.xz * each.x);
  let two = ground_sample(cell_1.kind, p.xz * each.y + cell_1.shift, dx.xz * each.y, dy.xz * each.y);
  let three = ground_sample(cell_2.kind, p.xz * each.z + cell_2.shift, dx.xz * each.z, dy.xz * each.z);
  let tall = 0.15 + vec3<f32>(one.height, two.height, three.height);
  var b = weights * weights * weights * tall * tall;
  b /= max(b.x + b.y + b.z, 1e-6);
  var color = one.color * b.x + two.color * b.y + three.color * b.z;
  let tilt = one.normal * b.x + two.normal * b.y + three.normal * b.z;
  var bend = vec3<f32>(tilt.x, 0.0, tilt.y);
  let expected = cell_0.expected * weights.x + cell_1.expected * weights.y + cell_2.expected * weights.z;
  let rough = vec3<f32>(ground_roughness(cell_0.kind), ground_roughness(cell_1.kind), ground_roughness(cell_2.kind));
  var steep = select(cell_2.kind, cell_1.kind, weights.y > weights.z);
  steep = select(steep, cell_0.kind, weights.x > max(weights.y, weights.z));
  let side = smoothstep(0.80, 0.64, normal.y);
  if (side > 0.0) {
    var side_color = vec3<f32>(0.0);
    var side_bend = vec3<f32>(0.0);
    ground_side(steep, p, dx, dy, normal, &side_color, &side_bend);
    color = mix(color, side_color, side);
    bend = mix(bend, side_bend, side);
  }
  let over = clamp(color / max(expected, vec3<f32>(0.004)), vec3<f32>(0.0), vec3<f32>(6.0));
  return Ground(mix(vec3<f32>(1.0), over, known), bend * known, dot(b, rough), known);
}
