// The material kind "splats": Gaussians, each a quad that covers its ellipse in the picture, from the farthest to the nearest.
// After Kerbl et al., 3D Gaussian Splatting (2023), section 4, and Zwicker et al., EWA Splatting (2002): the projection is
// taken as linear around each one's middle. splats/order.py sorts them.
struct SplatIn {
  @location(0) position: vec3<f32>,
  @location(1) color: vec4<f32>,
  @location(2) scale: vec3<f32>,
  @location(3) rotation_xy: vec2<f32>,
  @location(4) rotation_zw: vec2<f32>,
  @location(15) row: u32, // ROW_LOCATION
  @builtin(vertex_index) corner: u32,
}

struct SplatVaryings {
  @builtin(position) clip: vec4<f32>,
  @location(0) position: vec3<f32>,
  @location(1) @interpolate(flat) color: vec4<f32>,
  @location(2) at: vec2<f32>, // standard deviations from the middle
  @location(3) @interpolate(flat) row: u32,
  @location(4) @interpolate(flat) adapted_ev: f32,
}

const SPLAT_BLUR = 0.3; // of a pixel squared, added to each variance as in training: none falls between two pixels
const SPLAT_ASIDE = 1.3; // the projection of what lies farther out is taken from there, where it is not yet stretched
const SPLAT_FAINTEST = 1.0 / 255.0;

// How far one of a splat's axes reaches in the picture, pixels.
fn splat_axis(q: vec4<f32>, row: u32, axis: vec3<f32>, seen_at: vec2<f32>, clip_w: f32) -> vec2<f32> {
  let turned = rotate(rotation_of(row), stretched(scale_of(row), shear_used(row), rotate(q, axis)));
  let d = frame.view_projection * vec4<f32>(turned, 0.0);
  return (d.xy - seen_at * d.w) / clip_w * 0.5 * frame.viewport.xy;
}

@vertex
fn vertex_main(in: SplatIn) -> SplatVaryings {
  let p = place_of(in.row, in.position);
  let middle = frame.view_projection * vec4<f32>(p, 1.0);
  let color = mark_color(in.color, in.row);
  let w = max(middle.w, 1e-6);
  let seen_at = clamp(middle.xy / w, vec2<f32>(-SPLAT_ASIDE), vec2<f32>(SPLAT_ASIDE));
  let turn = vec4<f32>(in.rotation_xy, in.rotation_zw);
  let q = turn / max(length(turn), 1e-6);
  let x = splat_axis(q, in.row, vec3<f32>(in.scale.x, 0.0, 0.0), seen_at, w);
  let y = splat_axis(q, in.row, vec3<f32>(0.0, in.scale.y, 0.0), seen_at, w);
  let z = splat_axis(q, in.row, vec3<f32>(0.0, 0.0, in.scale.z), seen_at, w);
  // The covariance in the picture, and its axes.
  let xx = x.x * x.x + y.x * y.x + z.x * z.x + SPLAT_BLUR;
  let yy = x.y * x.y + y.y * y.y + z.y * z.y + SPLAT_BLUR;
  let xy = x.x * x.y + y.x * y.y + z.x * z.y;
  let half = 0.5 * (xx + yy);
  let apart = sqrt(0.25 * (xx - yy) * (xx - yy) + xy * xy);
  let long = sqrt(half + apart);
  let short = sqrt(max(half - apart, 0.25 * SPLAT_BLUR));
  let angle = 0.5 * atan2(2.0 * xy, xx - yy);
  let along = vec2<f32>(cos(angle), sin(angle));
  // As far as it covers anything that a byte can show.
  let reach = sqrt(2.0 * log(max(color.a / SPLAT_FAINTEST, 1.0)));
  let corner = vec2<f32>(f32(in.corner & 1u), f32(in.corner >> 1u)) * 2.0 - 1.0;
  let moved = along * (corner.x * reach * long) + vec2<f32>(-along.y, along.x) * (corner.y * reach * short);
  var out: SplatVaryings;
  out.clip = vec4<f32>(middle.xy + moved * (2.0 * frame.viewport.zw * middle.w), middle.zw);
  // Also where a number is NaN.
  if (!(reach > 0.0 && long < 1e6 && middle.w > 0.0 && middle.z <= middle.w)) {
    out.clip = nowhere();
  }
  out.position = p;
  out.color = color;
  out.at = corner * reach;
  out.row = in.row;
  out.adapted_ev = exposure_ev();
  return out;
}

@fragment
fn fragment_main(in: SplatVaryings) -> Seen {
  adapted_ev = in.adapted_ev;
  let coverage = exp(-0.5 * dot(in.at, in.at));
  if (in.color.a * coverage < SPLAT_FAINTEST) {
    discard;
  }
  return marked(in.color, in.position, coverage, in.row);
}
