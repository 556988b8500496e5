// The material kind "splats": Gaussians, each a quad that covers its ellipse in the picture, from the farthest to the nearest.
// After Kerbl et al., 3D Gaussian Splatting (2023), section 4, and Zwicker et al., EWA Splatting (2002): the projection is
// taken as linear around each one's middle. splats/order.py sorts their numbers, splats/packing.py says what the texture has.
// They are blended as sRGB, as in training; splats_over.wgsl lays the sum over the picture.
@group(1) @binding(1) var base_color_texture: texture_2d<u32>;

struct SplatIn {
  @location(0) numbers_0: vec4<u32>,
  @location(1) numbers_1: vec4<u32>,
  @location(2) numbers_2: vec4<u32>,
  @location(3) numbers_3: vec4<u32>,
  @location(15) row: u32, // ROW_LOCATION
  @builtin(vertex_index) vertex: u32,
}

struct SplatVaryings {
  @builtin(position) clip: vec4<f32>,
  @location(0) at: vec2<f32>, // standard deviations from the middle
  @location(1) @interpolate(flat) color: vec4<f32>, // sRGB
  @location(2) @interpolate(flat) position: vec3<f32>,
  @location(3) @interpolate(flat) row: u32,
}

const SPLAT_BLUR = 0.3; // of a pixel squared, added to each variance as in training: none falls between two pixels
const SPLAT_ASIDE = 1.3; // the projection of what lies farther out is taken from there, where it is not yet stretched
const SPLAT_FAINTEST = 1.0 / 255.0;

fn splat_texel(at: u32) -> vec4<u32> {
  return textureLoad(base_color_texture, vec2<u32>(at % SPLAT_LINE, at / SPLAT_LINE), 0);
}

// A standard deviation, metres, of its 16 bits: steps of a 1024th of an octave, 0 is none.
fn splat_size(code: u32) -> f32 {
  return select(exp2(f32(code) / 1024.0 - 32.0), 0.0, code == 0u);
}

// How far one of a splat's axes reaches in the picture, pixels.
fn splat_axis(q: vec4<f32>, row: u32, axis: vec3<f32>, seen_at: vec2<f32>, clip_w: f32) -> vec2<f32> {
  let turned = rotate(rotation_of(row), stretched(scale_of(row), shear_used(row), rotate(q, axis)));
  let d = frame.view_projection * vec4<f32>(turned, 0.0);
  return (d.xy - seen_at * d.w) / clip_w * 0.5 * frame.viewport.xy;
}

// Four coefficients of red, green and blue, a byte each, times their harmonics.
fn splat_harmonics(a: u32, b: u32, c: u32, basis: vec4<f32>) -> vec3<f32> {
  let low = unpack4x8unorm(a) * 255.0 - 128.0;
  let middle = unpack4x8unorm(b) * 255.0 - 128.0;
  let high = unpack4x8unorm(c) * 255.0 - 128.0;
  return low.xyz * basis.x + vec3<f32>(low.w, middle.xy) * basis.y + vec3<f32>(middle.zw, high.x) * basis.z
    + high.yzw * basis.w;
}

// What the harmonics from degree 1 on add to its colour; d: from the camera to it, in the cloud's axes.
fn splat_shine(first: u32, degree: u32, d: vec3<f32>) -> vec3<f32> {
  let one = splat_texel(first);
  let s = d * d;
  let basis_1 = vec3<f32>(-d.y, d.z, -d.x) * 0.4886025119;
  if (degree == 1u) {
    return splat_harmonics(one.x, one.y, one.z, vec4<f32>(basis_1, 0.0));
  }
  let two = splat_texel(first + 1u);
  let xy = d.x * d.y;
  let yz = d.y * d.z;
  let xz = d.x * d.z;
  let across = s.x - s.y;
  let basis_2 = vec4<f32>(yz * -1.0925484306, (2.0 * s.z - s.x - s.y) * 0.3153915653, xz * -1.0925484306, across * 0.5462742153);
  let sum = splat_harmonics(one.x, one.y, one.z, vec4<f32>(basis_1, xy * 1.0925484306))
    + splat_harmonics(one.w, two.x, two.y, basis_2);
  if (degree == 2u) {
    return sum;
  }
  let three = splat_texel(first + 2u);
  let ring = 4.0 * s.z - s.x - s.y;
  return sum + splat_harmonics(two.z, two.w, three.x, vec4<f32>(
      d.y * (3.0 * s.x - s.y) * -0.5900435899, xy * d.z * 2.8906114426, d.y * ring * -0.4570457995,
      d.z * (2.0 * s.z - 3.0 * s.x - 3.0 * s.y) * 0.3731763326))
    + splat_harmonics(three.y, three.z, three.w, vec4<f32>(
      d.x * ring * -0.4570457995, d.z * across * 1.4453057213, d.x * (s.x - 3.0 * s.y) * -0.5900435899, 0.0));
}

// How the screen shows it, with the row's colour and what is in the air before it.
fn splat_seen(given: vec3<f32>, is_linear: bool, p: vec3<f32>, row: u32) -> vec3<f32> {
  let tint = srgb_to_linear(color_of(row).rgb);
  var c = max(given, vec3<f32>(0.0));
  if (!FOG && !is_linear && min(tint.r, min(tint.g, tint.b)) == 1.0) {
    return c;
  }
  if (!is_linear) {
    c = srgb_to_linear(c);
  }
  c *= tint;
  if (FOG) {
    let haze = haze_before(p);
    if (haze.a < 1.0) {
      c = mix(c, tone_mapped(exposed(haze.rgb / max(1.0 - haze.a, 1e-3))), 1.0 - haze.a);
    }
  }
  return to_srgb(c);
}

// An element's: six vertices of the strip each, of which the first and the last two are one.
fn splat_number(in: SplatIn) -> u32 {
  let which = in.vertex / 6u;
  let low = select(in.numbers_0, in.numbers_1, vec4<bool>((which & 4u) != 0u));
  let high = select(in.numbers_2, in.numbers_3, vec4<bool>((which & 4u) != 0u));
  let four = select(low, high, vec4<bool>((which & 8u) != 0u));
  let two = select(four.xy, four.zw, vec2<bool>((which & 2u) != 0u));
  return select(two.x, two.y, (which & 1u) != 0u);
}

@vertex
fn vertex_main(in: SplatIn) -> SplatVaryings {
  var out: SplatVaryings;
  out.clip = nowhere();
  let number = splat_number(in);
  if (number == NO_SPLAT) {
    return out;
  }
  adapted_ev = exposure_ev();
  // Texels of each; the degree of their harmonics; a step of those; 1: their colours are linear light, 2: alphas follow the blur.
  let cloud = material.uv[2];
  let first = number * u32(cloud.x);
  let head = splat_texel(first);
  let tail = splat_texel(first + 1u);
  let p = place_of(in.row, bitcast<vec3<f32>>(head.xyz));
  let middle = frame.view_projection * vec4<f32>(p, 1.0);
  let w = max(middle.w, 1e-6);
  let seen_at = clamp(middle.xy / w, vec2<f32>(-SPLAT_ASIDE), vec2<f32>(SPLAT_ASIDE));
  let turn = vec4<f32>(unpack2x16snorm(tail.x), unpack2x16snorm(tail.y));
  let q = turn / max(length(turn), 1e-6);
  let x = splat_axis(q, in.row, vec3<f32>(splat_size(tail.z & 65535u), 0.0, 0.0), seen_at, w);
  let y = splat_axis(q, in.row, vec3<f32>(0.0, splat_size(tail.z >> 16u), 0.0), seen_at, w);
  let z = splat_axis(q, in.row, vec3<f32>(0.0, 0.0, splat_size(tail.w & 65535u)), seen_at, w);
  // The covariance in the picture, and its axes.
  let sharp = vec3<f32>(x.x * x.x + y.x * y.x + z.x * z.x, x.y * x.y + y.y * y.y + z.y * z.y, x.x * x.y + y.x * y.y + z.x * z.y);
  let xx = sharp.x + SPLAT_BLUR;
  let yy = sharp.y + SPLAT_BLUR;
  let xy = sharp.z;
  let half = 0.5 * (xx + yy);
  let apart = sqrt(0.25 * (xx - yy) * (xx - yy) + xy * xy);
  let long = sqrt(half + apart);
  let short = sqrt(max(half - apart, 0.25 * SPLAT_BLUR));
  let angle = 0.5 * atan2(2.0 * xy, xx - yy);
  let along = vec2<f32>(cos(angle), sin(angle));
  var alpha = f32((tail.w >> 16u) & 255u) / 255.0;
  if (cloud.w > 1.5) { // trained so that the blur takes no light away and gives none
    alpha *= sqrt(max(sharp.x * sharp.y - xy * xy, 0.0) / max(xx * yy - xy * xy, 1e-9));
  }
  if (!FADES) {
    alpha *= color_of(in.row).a;
  }
  // As far as it covers anything that a byte can show.
  let reach = sqrt(2.0 * log(max(alpha / SPLAT_FAINTEST, 1.0)));
  let at = u32(clamp(i32(in.vertex % 6u) - 1, 0, 3));
  let corner = vec2<f32>(f32(at & 1u), f32(at >> 1u)) * 2.0 - 1.0;
  let moved = along * (corner.x * reach * long) + vec2<f32>(-along.y, along.x) * (corner.y * reach * short);
  out.clip = vec4<f32>(middle.xy + moved * (2.0 * frame.viewport.zw * middle.w), middle.zw);
  out.position = p;
  out.at = corner * reach;
  out.row = in.row;
  out.color = vec4<f32>(0.0);
  // What reaches into the picture; not where a number is NaN.
  let room = vec2<f32>(middle.w) + 2.0 * reach * long * frame.viewport.zw * middle.w;
  if (!(reach > 0.0 && long < 1e6 && middle.w > 0.0 && middle.z <= middle.w && all(abs(middle.xy) <= room))) {
    out.clip = nowhere();
    return out;
  }
  let codes = vec3<u32>(head.w & 8191u, (head.w >> 13u) & 8191u, (head.w >> 26u) | ((tail.w >> 24u) << 6u));
  var color = vec3<f32>(codes) / 1024.0 - 3.5;
  if (cloud.y > 0.5) {
    let to = rotation_of(in.row);
    let d = rotate(vec4<f32>(-to.xyz, to.w), normalize(p));
    color += splat_shine(first + 2u, u32(cloud.y), d) * cloud.z;
  }
  out.color = vec4<f32>(splat_seen(color, (u32(cloud.w) & 1u) == 1u, p, in.row), alpha);
  return out;
}

@fragment
fn fragment_main(in: SplatVaryings) -> Seen {
  let alpha = in.color.a * exp(-0.5 * dot(in.at, in.at));
  if (alpha < SPLAT_FAINTEST) {
    discard;
  }
  return seen(vec4<f32>(in.color.rgb * alpha, alpha), 1.0, in.position, in.row);
}
