// The material kind "strokes": lines, a quad a segment. The fragment stage finds the exact shape: round ends and joins.
// Where two segments meet, the line that halves their angle parts them, so that no pixel is drawn twice.
struct StrokeIn {
  @location(0) previous: vec3<f32>,
  @location(1) start: vec3<f32>,
  @location(2) end: vec3<f32>,
  @location(3) next: vec3<f32>,
  @location(4) start_color: vec4<f32>,
  @location(5) end_color: vec4<f32>,
  @location(6) along: vec2<f32>,
  @location(7) width: f32,
  @location(8) dash: vec2<f32>,
  @location(15) row: u32, // ROW_LOCATION
  @builtin(vertex_index) corner: u32,
}

// In pixels, x along the segment from its start, y across. A place is cut off where dot(cut.xy, place) + cut.z < 0.
struct StrokeVaryings {
  @builtin(position) clip: vec4<f32>,
  @location(0) at: vec2<f32>,
  @location(1) @interpolate(flat) shape: vec3<f32>, // length, radius at the start, at the end
  @location(2) @interpolate(flat) start_cut: vec3<f32>,
  @location(3) @interpolate(flat) end_cut: vec3<f32>,
  @location(4) @interpolate(flat) start_color: vec4<f32>,
  @location(5) @interpolate(flat) end_color: vec4<f32>,
  @location(6) @interpolate(flat) start: vec4<f32>, // camera-relative, and the depth
  @location(7) @interpolate(flat) end: vec4<f32>,
  @location(8) @interpolate(flat) along: vec4<f32>, // metres at start and end, then the dash
  @location(9) @interpolate(flat) row: u32,
  @location(10) @interpolate(flat) adapted_ev: f32,
}

// Cuts go past the middles of pixels that are just on them, so that rounding can't leave one out or draw it twice.
const CUT_ASIDE = 0.013;
const NO_CUT = vec3<f32>(0.0, 0.0, 1e6);

// How far from `a` to `b` the near plane is, 0 where `a` is before it.
fn near_share(a: vec4<f32>, b: vec4<f32>) -> f32 {
  let from_a = a.w - a.z;
  let from_b = b.w - b.z;
  return select(0.0, from_a / (from_a - from_b), from_a < 0.0);
}

// `share`, a part of a segment, less what lies beyond a plane; its ends have these distances from it.
fn cut_at(a: f32, b: f32, share: vec2<f32>) -> vec2<f32> {
  let at = a / (a - b);
  return vec2<f32>(select(share.x, max(share.x, at), a < 0.0 && b > 0.0),
                   select(share.y, min(share.y, at), a > 0.0 && b < 0.0));
}

// The part of a segment that lies within so many half pictures of the picture's middle; all of it where none does. One
// that ends far beside the picture would miss the depth of what it lies on: rasterizers round the corners of triangles.
fn share_near_picture(a: vec4<f32>, b: vec4<f32>, wide: vec2<f32>) -> vec2<f32> {
  let from_a = wide * a.w;
  let from_b = wide * b.w;
  var share = vec2<f32>(0.0, 1.0);
  share = cut_at(from_a.x - a.x, from_b.x - b.x, share);
  share = cut_at(from_a.x + a.x, from_b.x + b.x, share);
  share = cut_at(from_a.y - a.y, from_b.y - b.y, share);
  share = cut_at(from_a.y + a.y, from_b.y + b.y, share);
  return select(vec2<f32>(0.0, 1.0), share, share.x < share.y);
}

// Pixels from the middle of the view, y upwards.
fn screen_of(clip: vec4<f32>) -> vec2<f32> {
  return clip.xy / clip.w * 0.5 * frame.viewport.xy;
}

// The cut at `joint` between the segment, which leaves it along `out`, and its neighbour, which is beyond `other`.
fn joint_cut(joint: vec2<f32>, other: vec2<f32>, out: vec2<f32>) -> vec3<f32> {
  let into = joint - other;
  if (dot(into, into) < 1e-4) {
    return NO_CUT;
  }
  let middle = normalize(into) + out;
  if (dot(middle, middle) < 0.01) { // it turns back: nothing parts them
    return NO_CUT;
  }
  let tangent = normalize(middle);
  let left = vec2<f32>(-out.y, out.x);
  return vec3<f32>(dot(tangent, out), dot(tangent, left), 0.0);
}

@vertex
fn vertex_main(in: StrokeIn) -> StrokeVaryings {
  let p0 = place_of(in.row, in.start);
  let p1 = place_of(in.row, in.end);
  let clip0 = frame.view_projection * vec4<f32>(p0, 1.0);
  let clip1 = frame.view_projection * vec4<f32>(p1, 1.0);
  let n0 = near_share(clip0, clip1);
  let n1 = 1.0 - near_share(clip1, clip0);
  let near_a = mix(clip0, clip1, n0);
  let near_b = mix(clip0, clip1, n1);
  let widest = max(pixels_of(in.width, near_a.w), pixels_of(in.width, near_b.w)) + 4.0;
  let share = share_near_picture(near_a, near_b, 1.5 + 2.0 * widest * frame.viewport.zw);
  let t0 = mix(n0, n1, share.x);
  let t1 = mix(n0, n1, share.y);
  let a = mix(near_a, near_b, share.x);
  let b = mix(near_a, near_b, share.y);
  let radii = vec2<f32>(pixels_of(in.width, a.w), pixels_of(in.width, b.w)) * 0.5;
  let head = screen_of(a);
  let tail = screen_of(b);
  let long = length(tail - head);
  let along = select(vec2<f32>(1.0, 0.0), (tail - head) / max(long, 1e-6), long > 1e-6);
  let across = vec2<f32>(-along.y, along.x);
  var start_cut = NO_CUT;
  var end_cut = NO_CUT;
  if (in.dash.x > 0.0) { // dashes end where they end
    start_cut = vec3<f32>(1.0, 0.0, 0.0);
    end_cut = vec3<f32>(-1.0, 0.0, long);
  }
  if (any(in.previous != in.start) && t0 == 0.0) {
    let other = frame.view_projection * vec4<f32>(place_of(in.row, in.previous), 1.0);
    start_cut = joint_cut(head, screen_of(mix(other, clip0, near_share(other, clip0))), along);
    start_cut.z -= CUT_ASIDE;
  }
  if (any(in.next != in.end) && t1 == 1.0) {
    let other = frame.view_projection * vec4<f32>(place_of(in.row, in.next), 1.0);
    let found = joint_cut(tail, screen_of(mix(other, clip1, near_share(other, clip1))), -along);
    end_cut = vec3<f32>(-found.xy, found.x * long + found.z + CUT_ASIDE); // from the end's axes to the start's
  }
  let reach = max(max(radii.x, radii.y), 0.5) + 1.0;
  let is_end = (in.corner & 1u) == 1u;
  let at = vec2<f32>(select(-reach, long + reach, is_end), select(-reach, reach, in.corner > 1u));
  let ndc = (head + along * at.x + across * at.y) * 2.0 * frame.viewport.zw;
  // The corners stand beyond the ends, and so does their depth: it runs evenly over the screen.
  let depth0 = depth_nearer(mix(p0, p1, t0));
  let depth1 = depth_nearer(mix(p0, p1, t1));
  let beyond = (depth1 - depth0) * min(reach / max(long, 1e-6), 0.5);
  var out: StrokeVaryings;
  out.clip = vec4<f32>(ndc, select(depth0 - beyond, depth1 + beyond, is_end), 1.0);
  let is_ahead = clip0.w > clip0.z || clip1.w > clip1.z;
  if (!(in.width > 0.0 && is_ahead && dot(ndc, ndc) >= 0.0)) { // also where a number is NaN
    out.clip = nowhere();
  }
  out.at = at;
  out.shape = vec3<f32>(long, radii);
  out.start_cut = start_cut;
  out.end_cut = end_cut;
  out.start_color = mark_color(mix(in.start_color, in.end_color, t0), in.row);
  out.end_color = mark_color(mix(in.start_color, in.end_color, t1), in.row);
  out.start = vec4<f32>(mix(p0, p1, t0), a.w);
  out.end = vec4<f32>(mix(p0, p1, t1), b.w);
  out.along = vec4<f32>(mix(in.along.x, in.along.y, t0), mix(in.along.x, in.along.y, t1), in.dash);
  out.row = in.row;
  out.adapted_ev = exposure_ev();
  return out;
}

// The share of a pixel that dashes leave, by metres along the line and metres a pixel.
fn dashes(metres: f32, rate: f32, dash: vec2<f32>) -> f32 {
  if (dash.x <= 0.0) {
    return 1.0;
  }
  let period = dash.x + dash.y;
  let phase = metres - floor(metres / period) * period;
  let inside = select(max(dash.x - phase, phase - period), min(phase, dash.x - phase), phase < dash.x);
  let sharp = saturate(inside / max(rate, 1e-9) + 0.5);
  return mix(sharp, dash.x / period, smoothstep(0.3, 0.6, rate / period)); // too fine to be seen
}

@fragment
fn fragment_main(in: StrokeVaryings) -> Seen {
  adapted_ev = in.adapted_ev;
  let long = in.shape.x;
  let share = saturate(in.at.x / max(long, 1e-6));
  // What is even on the screen is not even along the line.
  let t = share * in.start.w / max(mix(in.end.w, in.start.w, share), 1e-9);
  let metres = mix(in.along.x, in.along.y, t);
  let rate = length(vec2<f32>(dpdx(metres), dpdy(metres)));
  let width = 2.0 * mix(in.shape.y, in.shape.z, share);
  let away = length(vec2<f32>(in.at.x - share * long, in.at.y));
  var coverage = saturate(0.5 * max(width, 1.0) - away + 0.5) * min(width, 1.0) * dashes(metres, rate, in.along.zw);
  let inside = min(dot(in.start_cut.xy, in.at) + in.start_cut.z, dot(in.end_cut.xy, in.at) + in.end_cut.z);
  // Solid ones may overlap, so that no sample of a pixel is left out.
  if (inside < select(-0.5, 0.0, BLEND)) {
    coverage = 0.0;
  }
  return marked(mix(in.start_color, in.end_color, t), mix(in.start.xyz, in.end.xyz, t), coverage, in.row);
}
