// The material kind "discs": points, each a round spot that faces the camera.
struct DiscIn {
  @location(0) position: vec3<f32>,
  @location(1) color: vec4<f32>,
  @location(2) size: f32,
  @location(15) row: u32, // ROW_LOCATION
  @builtin(vertex_index) corner: u32,
}

struct DiscVaryings {
  @builtin(position) clip: vec4<f32>,
  @location(0) position: vec3<f32>,
  @location(1) color: vec4<f32>,
  @location(2) at: vec3<f32>, // pixels from the middle; the radius
  @location(3) @interpolate(flat) row: u32,
  @location(4) @interpolate(flat) adapted_ev: f32,
  @location(5) @interpolate(flat) fade: f32, // the row's code; where FADES
}

@vertex
fn vertex_main(in: DiscIn) -> DiscVaryings {
  let p = place_of(in.row, in.position);
  let middle = frame.view_projection * vec4<f32>(p, 1.0);
  let diameter = pixels_of(in.size, middle.w);
  // What is smaller than a pixel gets fainter instead.
  let radius = 0.5 * max(diameter, 1.0);
  let share = min(diameter, 1.0);
  let corner = vec2<f32>(f32(in.corner & 1u), f32(in.corner >> 1u)) * 2.0 - 1.0;
  let at = corner * (radius + 1.0);
  var out: DiscVaryings;
  out.clip = vec4<f32>(middle.xy + at * (2.0 * frame.viewport.zw * middle.w), nearer(p) * middle.w, middle.w);
  // Also where a number is NaN.
  if (!(diameter > 0.0 && middle.w > 0.0 && middle.z <= middle.w)) {
    out.clip = nowhere();
  }
  out.position = p;
  out.color = mark_color(in.color, in.row) * vec4<f32>(1.0, 1.0, 1.0, share * share);
  out.at = vec3<f32>(at, radius);
  out.row = in.row;
  out.adapted_ev = exposure_ev();
  if (FADES) {
    out.fade = round(color_of(in.row).a * 255.0);
  }
  return out;
}

@fragment
fn fragment_main(in: DiscVaryings) -> Seen {
  adapted_ev = in.adapted_ev;
  if (FADES && faded(in.fade, in.clip.xy)) {
    discard;
  }
  return marked(in.color, in.position, saturate(in.at.z - length(in.at.xy) + 0.5), in.row);
}
