// The material kind "ui": what app.ui shows where the engine draws it (layerw/ui/native): boxes with round corners, glyphs
// and pictures, in the order in which they lie over each other. Colours are sRGB.
struct UiIn {
  @location(0) low: vec2<f32>,
  @location(1) high: vec2<f32>,
  @location(2) clip_low: vec2<f32>,
  @location(3) clip_high: vec2<f32>,
  @location(4) inner_low: vec2<f32>,
  @location(5) inner_high: vec2<f32>,
  @location(6) color: vec4<f32>,
  @location(7) line_color: vec4<f32>,
  @location(8) radius: f32,
  @location(9) line: f32,
  @location(10) place: f32,
  @location(15) row: u32, // ROW_LOCATION
  @builtin(vertex_index) corner: u32,
}

struct UiVaryings {
  @builtin(position) clip: vec4<f32>,
  @location(0) at: vec2<f32>, // pixels
  @location(1) @interpolate(flat) box: vec4<f32>,
  @location(2) @interpolate(flat) inner: vec4<f32>,
  @location(3) @interpolate(flat) color: vec4<f32>,
  @location(4) @interpolate(flat) line_color: vec4<f32>,
  @location(5) @interpolate(flat) more: vec3<f32>, // radius, line, place
}

@vertex
fn vertex_main(in: UiIn) -> UiVaryings {
  let is_high = vec2<f32>(f32(in.corner & 1u), f32(in.corner >> 1u));
  let soft = select(1.0, in.line + 1.0, in.place == UI_SHADOW);
  let at = clamp(mix(in.low - soft, in.high + soft, is_high), in.clip_low, max(in.clip_low, in.clip_high));
  var out: UiVaryings;
  let ndc = at * 2.0 * frame.viewport.zw - 1.0;
  out.clip = vec4<f32>(ndc.x, -ndc.y, 0.5, 1.0);
  out.at = at;
  out.box = vec4<f32>(in.low, in.high);
  out.inner = vec4<f32>(in.inner_low, in.inner_high);
  out.color = in.color;
  out.line_color = in.line_color;
  out.more = vec3<f32>(in.radius, in.line, in.place);
  return out;
}

// Pixels from the edge of a box with round corners, below 0 inside.
fn from_edge(at: vec2<f32>, box: vec4<f32>, radius: f32) -> f32 {
  let half_size = (box.zw - box.xy) * 0.5;
  let round = min(radius, min(half_size.x, half_size.y));
  let beyond = abs(at - (box.xy + box.zw) * 0.5) - half_size + round;
  return length(max(beyond, vec2<f32>(0.0))) + min(max(beyond.x, beyond.y), 0.0) - round;
}

// A page blends sRGB numbers, the picture linear light: with this alpha both give the same where light colours lie over
// black, dark ones over white, and black over anything.
fn shown(color: vec3<f32>, alpha: f32) -> vec4<f32> {
  let light = dot(color, vec3<f32>(0.2126, 0.7152, 0.0722));
  let behind = select(1.0, 0.0, light >= 0.5);
  let linear = srgb_to_linear(vec3<f32>(light, behind, mix(behind, light, saturate(alpha))));
  return vec4<f32>(srgb_to_linear(color), (linear.z - linear.y) / (linear.x - linear.y));
}

@fragment
fn fragment_main(in: UiVaryings) -> @location(0) vec4<f32> {
  let size = max(in.box.zw - in.box.xy, vec2<f32>(1e-4));
  let share = (in.at - in.box.xy) / size;
  let inner_size = in.inner.zw - in.inner.xy;
  if (in.more.z >= 0.0) {
    let em = in.inner.xy + vec2<f32>(share.x, 1.0 - share.y) * inner_size;
    let coverage = glyph_coverage(u32(in.more.z + 0.5), em, in.inner, size / max(inner_size, vec2<f32>(1e-4)));
    return shown(in.color.rgb, in.color.a * coverage);
  }
  let away = from_edge(in.at, in.box, in.more.x);
  if (in.more.z == UI_SHADOW) {
    return shown(in.color.rgb, in.color.a * (1.0 - smoothstep(-in.more.y, in.more.y, away)));
  }
  var fill = in.color;
  if (in.more.z == UI_PICTURE) {
    fill *= textureSampleLevel(base_color_texture, base_color_sampler, in.inner.xy + share * inner_size, 0.0);
  }
  // The border lies over the fill.
  let line_alpha = select(0.0, in.line_color.a * saturate(0.5 + away + in.more.y), in.more.y > 0.0);
  let alpha = line_alpha + fill.a * (1.0 - line_alpha);
  let rgb = (in.line_color.rgb * line_alpha + fill.rgb * (fill.a * (1.0 - line_alpha))) / max(alpha, 1e-4);
  return shown(rgb, alpha * saturate(0.5 - away));
}
