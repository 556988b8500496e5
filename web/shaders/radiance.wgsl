// What a lit surface and the sky hand on. Before the resolve a sample is encoded: the mean of encoded samples is a good
// edge between light and dark (the reversible curve of Lottes 2016 by the largest channel; the root spends the bits evenly),
// and 10 bits are enough. Blended draws come after the resolve, in linear radiance. Alpha is the share of colours that are
// shown as given (marks.wgsl): what is lit has none.
override ENCODED: bool = false;
// What blends is added up in any order instead, as compose.wgsl says.
override WEIGHTED: bool = false;
// Which row is drawn is asked; what can't be seen is not there.
override PICKED: bool = false;

// `screen` is what blends mirrors (mirrored.wgsl), or what glass is drawn over; not what hides the sky (screen_light.wgsl).
override MIRRORED: bool = false;
// `screen` is what glass is drawn over (glass.wgsl).
override COPIED: bool = false;

const RADIANCE_MAX = 6.0e4; // of rgba16float

fn encode_radiance(c: vec3<f32>) -> vec3<f32> {
  return sqrt(c / (1.0 + max(c.r, max(c.g, c.b))));
}

fn decode_radiance(s: vec3<f32>) -> vec3<f32> {
  let t = s * s;
  return t / max(1.0 - max(t.r, max(t.g, t.b)), 1e-4);
}

// exposure_ev() as the fragment's stage was given it: an entry point sets it first.
var<private> adapted_ev: f32;

// By the view's exposure and what automatic exposure adds.
fn exposed(radiance: vec3<f32>) -> vec3<f32> {
  let factor = frame.camera_lo.w * exp2(adapted_ev);
  let c = radiance * factor;
  return select(vec3<f32>(0.0), min(c, vec3<f32>(RADIANCE_MAX)), c > vec3<f32>(0.0)); // what is no number is black
}

// What a surface covers of what is behind it. Cut-outs: where alpha passes the cutoff, as wide as a pixel where samples can
// be left out (Golus 2017, "Anti-aliased alpha test"), else at once. Interpolation rounds: alpha that is equal to the cutoff
// may come out a little lower.
fn opacity_of(alpha: f32, cutoff: f32) -> f32 {
  if (COVERAGE) {
    let share = saturate((alpha - cutoff + CUTOFF_ROUNDING) / max(fwidth(alpha), 1e-4) + 0.5);
    if (share <= 0.0) {
      discard;
    }
    return share;
  }
  if (MASK) {
    if (alpha < cutoff - CUTOFF_ROUNDING) {
      discard;
    }
  }
  return select(1.0, select(0.0, min(alpha, 1.0), alpha > 0.0), BLEND); // what is no number is not there
}

fn radiance_color(radiance: vec3<f32>, alpha: f32) -> vec4<f32> {
  let c = exposed(radiance);
  if (ENCODED) {
    return vec4<f32>(encode_radiance(c), select(0.0, alpha, COVERAGE));
  }
  return vec4<f32>(c, alpha);
}

// What the fragment stages of materials return; a pass draws the outputs that it has targets for.
struct Seen {
  @location(0) color: vec4<f32>,
  @location(1) weights: vec4<f32>, // the weight; its share that is shown as given; alpha as of color
  @location(2) id: vec2<u32>, // row + 1; bits of the depth
}

const WEIGHT_MAX = RADIANCE_MAX / 64.0; // so that 64 opaque layers fit into 16 bits

// How much a layer counts among those of its pixel (equation 7 of McGuire and Bavoil 2013); p: camera-relative metres.
fn blend_weight(color: vec3<f32>, p: vec3<f32>) -> f32 {
  let near = dot(p, p) / 25.0;
  let far = dot(p, p) / 40000.0;
  let weight = clamp(10.0 / (1e-5 + near + far * far * far), 1e-2, 3e3);
  return min(weight, WEIGHT_MAX / max(max(color.r, max(color.g, color.b)), 1.0));
}

// Metres along the line of sight, of any projection.
fn depth_of(p: vec3<f32>) -> f32 {
  let m = frame.view_projection;
  return dot(p, normalize(vec3<f32>(m[0].w - m[0].z, m[1].w - m[1].z, m[2].w - m[2].z)));
}

// given: the share of the colour that is shown as it is.
fn seen(color: vec4<f32>, given: f32, p: vec3<f32>, row: u32) -> Seen {
  var id = vec2<u32>(0u);
  if (PICKED) {
    if (color.a < 0.5 / 255.0) {
      discard;
    }
    id = vec2<u32>(row + 1u, bitcast<u32>(depth_of(p)));
  }
  if (WEIGHTED) {
    let weight = color.a * blend_weight(color.rgb, p);
    return Seen(vec4<f32>(color.rgb * weight, color.a), vec4<f32>(weight, weight * given, 0.0, color.a), id);
  }
  return Seen(color, vec4<f32>(0.0), id);
}

// What is lit.
fn seen_light(radiance: vec3<f32>, alpha: f32, p: vec3<f32>, row: u32) -> Seen {
  return seen(radiance_color(radiance, alpha), 0.0, p, row);
}
