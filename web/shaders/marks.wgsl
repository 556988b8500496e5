// What points and lines share: colours that are shown as given, whatever light and exposure are; sizes in pixels or metres.

// Marks win against the surface that they lie on: this share of the way to the camera nearer.
const NEARER = 0.0005;

// Pixels that a metre across takes at a depth.
fn pixels_per_metre(clip_w: f32) -> f32 {
  let m = frame.view_projection;
  let up = vec3<f32>(m[0].y, m[1].y, m[2].y);
  let forward = vec3<f32>(m[0].w, m[1].w, m[2].w);
  return 0.5 * frame.viewport.y * length(up - forward * dot(up, forward)) / clip_w;
}

// A size of a disc or a stroke in pixels of the picture.
fn pixels_of(size: f32, clip_w: f32) -> f32 {
  if (METRES) {
    return size * pixels_per_metre(clip_w);
  }
  return size * frame.relative_origin.w;
}

fn place_of(row: u32, point: vec3<f32>) -> vec3<f32> {
  return from_camera(rotate(rotation_of(row), stretched(scale_of(row), shear_used(row), point)), position_of(row));
}

// The depth of a place, a little nearer; above 1 just behind the near plane.
fn depth_nearer(p: vec3<f32>) -> f32 {
  let clip = frame.view_projection * vec4<f32>(p * (1.0 - NEARER), 1.0);
  return clip.z / clip.w;
}

fn nearer(p: vec3<f32>) -> f32 {
  return min(depth_nearer(p), 1.0);
}

fn nowhere() -> vec4<f32> {
  return vec4<f32>(0.0, 0.0, -1.0, 1.0);
}

// sRGB bytes, with the row's.
fn mark_color(color: vec4<f32>, row: u32) -> vec4<f32> {
  var tint = color_of(row);
  if (FADES) {
    tint.a = 1.0;
  }
  return vec4<f32>(srgb_to_linear(color.rgb) * srgb_to_linear(tint.rgb), color.a * tint.a) * material.base_color;
}

// color: what the screen shall show, linear; p: camera-relative; coverage: the share of the pixel.
fn marked(color: vec4<f32>, p: vec3<f32>, coverage: f32, row: u32) -> Seen {
  var alpha = color.a * coverage;
  if (alpha <= 0.0 || (!COVERAGE && !BLEND && coverage < 0.5)) {
    discard;
  }
  var c = color.rgb;
  if (FOG) {
    let haze = haze_before(p);
    if (haze.a < 1.0) {
      c = mix(c, tone_mapped(exposed(haze.rgb / max(1.0 - haze.a, 1e-3))), 1.0 - haze.a);
    }
  }
  if (ENCODED) {
    c = encode_radiance(c);
  }
  if (!COVERAGE && !BLEND) {
    alpha = 1.0;
  }
  return seen(vec4<f32>(c, alpha), 1.0, p, row);
}
