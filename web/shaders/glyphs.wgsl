// The material kind "glyphs": words in the world, a quad a glyph, whose curves the fragment stage looks at (curves.wgsl).
struct GlyphIn {
  @location(0) position: vec3<f32>,
  @location(1) offset: vec2<f32>,
  @location(2) low: vec2<f32>,
  @location(3) high: vec2<f32>,
  @location(4) color: vec4<f32>,
  @location(5) size: f32,
  @location(6) place: f32,
  @location(7) fixed: f32,
  @location(15) row: u32, // ROW_LOCATION
  @builtin(vertex_index) corner: u32,
}

struct GlyphVaryings {
  @builtin(position) clip: vec4<f32>,
  @location(0) position: vec3<f32>, // camera-relative
  @location(1) at: vec2<f32>, // em, from the glyph's origin
  @location(2) @interpolate(flat) box: vec4<f32>,
  @location(3) @interpolate(flat) color: vec4<f32>,
  @location(4) @interpolate(flat) place: f32,
  @location(5) @interpolate(flat) row: u32,
  @location(6) @interpolate(flat) adapted_ev: f32,
}

@vertex
fn vertex_main(in: GlyphIn) -> GlyphVaryings {
  let middle = place_of(in.row, in.position);
  let clip_middle = frame.view_projection * vec4<f32>(middle, 1.0);
  let em_px = pixels_of(in.size, max(clip_middle.w, 1e-6));
  let aside = min(1.5 / max(em_px, 1e-3), 4.0); // a pixel and a half around it
  let is_high = vec2<f32>(f32(in.corner & 1u), f32(in.corner >> 1u));
  let at = mix(in.low - aside, in.high + aside, is_high);
  let beside = in.offset + at;
  var out: GlyphVaryings;
  out.position = middle;
  if (in.fixed > 0.5) {
    out.position = place_of(in.row, in.position + vec3<f32>(beside * in.size, 0.0));
    out.clip = frame.view_projection * vec4<f32>(out.position * (1.0 - NEARER), 1.0);
  } else {
    let moved = beside * (em_px * 2.0 * clip_middle.w) * frame.viewport.zw;
    out.clip = vec4<f32>(clip_middle.xy + moved, nearer(middle) * clip_middle.w, clip_middle.w);
    if (!(clip_middle.w > 0.0 && clip_middle.z <= clip_middle.w)) { // also where a number is NaN
      out.clip = nowhere();
    }
  }
  if (!(in.size > 0.0)) {
    out.clip = nowhere();
  }
  out.at = at;
  out.box = vec4<f32>(in.low, in.high);
  out.color = mark_color(in.color, in.row);
  out.place = in.place;
  out.row = in.row;
  out.adapted_ev = exposure_ev();
  return out;
}

@fragment
fn fragment_main(in: GlyphVaryings) -> Seen {
  adapted_ev = in.adapted_ev;
  let px_per_em = 1.0 / max(abs(dpdx(in.at)) + abs(dpdy(in.at)), vec2<f32>(1e-6));
  let coverage = glyph_coverage(u32(in.place + 0.5), in.at, in.box, px_per_em);
  return marked(in.color, in.position, coverage, in.row);
}
