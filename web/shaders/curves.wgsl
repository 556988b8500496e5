// The curves of glyphs, which a fragment looks at: sharp at any size.
// After Lengyel, GPU-Centered Font Rendering Directly from Glyph Outlines (JCGT 2017): a ray across and a ray up each count
// the curves that they meet, the nearest ones by parts of a pixel. Curves stand in bands; drawing/glyphs.py writes them.
const GLYPH_TEXELS = 512u; // a line of the texture
const GLYPH_BANDS = 8u; // each way
const GLYPH_UNIT = 16384.0; // of a coordinate in an em
const GLYPH_ASIDE = 1.0; // em that coordinates are moved by, so that none is below 0

// Two numbers of 16 bits: the texel's.
fn glyph_numbers(place: u32) -> vec2<f32> {
  let texel = vec2<i32>(i32(place % GLYPH_TEXELS), i32(place / GLYPH_TEXELS));
  let bytes = floor(textureLoad(base_color_texture, texel, 0) * 255.0 + 0.5);
  return bytes.xz + bytes.yw * 256.0;
}

fn glyph_point(place: u32) -> vec2<f32> {
  return glyph_numbers(place) / GLYPH_UNIT - GLYPH_ASIDE;
}

// What a curve adds to the winding on the ray from the origin along +x, and how near the picture's pixel its crossing is.
// It goes down where it leaves y > 0; of its two roots the first is that one, whichever way it bends.
fn glyph_crossing(p0: vec2<f32>, p1: vec2<f32>, p2: vec2<f32>, px_per_em: f32) -> vec2<f32> {
  let s0 = p0.y > 0.0;
  let s1 = p1.y > 0.0;
  let s2 = p2.y > 0.0;
  let turns = s0 == s2 && s1 != s0;
  let falls = turns || (s0 && !s2);
  let rises = turns || (!s0 && s2);
  if (!falls && !rises) {
    return vec2<f32>(0.0);
  }
  let a = p0 - 2.0 * p1 + p2;
  let b = p0 - p1;
  let root = sqrt(max(b.y * b.y - a.y * p0.y, 0.0));
  var t = vec2<f32>((b.y - root) / a.y, (b.y + root) / a.y);
  if (abs(a.y) < 1e-5) { // a straight line
    t = vec2<f32>(0.5 * p0.y / b.y);
  }
  var found = vec2<f32>(0.0);
  if (falls) {
    let x = ((a.x * t.x - 2.0 * b.x) * t.x + p0.x) * px_per_em;
    found += vec2<f32>(saturate(x + 0.5), saturate(1.0 - 2.0 * abs(x)));
  }
  if (rises) {
    let x = ((a.x * t.y - 2.0 * b.x) * t.y + p0.x) * px_per_em;
    found = vec2<f32>(found.x - saturate(x + 0.5), max(found.y, saturate(1.0 - 2.0 * abs(x))));
  }
  return found;
}

// The winding along a ray, and how far its nearest crossing can be trusted: is_up turns the axes round.
fn glyph_ray(base: u32, band: u32, at: vec2<f32>, px_per_em: f32, is_up: bool) -> vec2<f32> {
  let list = glyph_numbers(base + band);
  let first = base + u32(list.x);
  let count = u32(list.y);
  var found = vec2<f32>(0.0);
  for (var i = 0u; i < count; i++) {
    let curve = base + u32(glyph_numbers(first + i).x);
    var p0 = glyph_point(curve) - at;
    var p1 = glyph_point(curve + 1u) - at;
    var p2 = glyph_point(curve + 2u) - at;
    if (is_up) {
      p0 = vec2<f32>(p0.y, -p0.x);
      p1 = vec2<f32>(p1.y, -p1.x);
      p2 = vec2<f32>(p2.y, -p2.x);
    }
    let one = glyph_crossing(p0, p1, p2, px_per_em);
    found = vec2<f32>(found.x + one.x, max(found.y, one.y));
  }
  return found;
}

// How much of a pixel a glyph covers. at: em, from its origin; box: its own, em, low and high.
fn glyph_coverage(base: u32, at: vec2<f32>, box: vec4<f32>, px_per_em: vec2<f32>) -> f32 {
  let share = (at - box.xy) / max(box.zw - box.xy, vec2<f32>(1e-6));
  let band = vec2<u32>(clamp(floor(share * f32(GLYPH_BANDS)), vec2<f32>(0.0), vec2<f32>(f32(GLYPH_BANDS) - 1.0)));
  let across = glyph_ray(base, band.y, at, px_per_em.x, false);
  let up = glyph_ray(base, GLYPH_BANDS + band.x, at, px_per_em.y, true);
  let trusted = abs(across.x * across.y + up.x * up.y) / max(across.y + up.y, 1e-4);
  return saturate(max(trusted, min(abs(across.x), abs(up.x))));
}
