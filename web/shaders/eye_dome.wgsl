// Eye-dome lighting (Boucheny 2009): what lies behind its neighbours in the picture is darker, by the ratio of depths, so
// that near and far things have edges alike. No normals, no light: for clouds of points.
const EYE_DOME_WAYS = 8;
const EYE_DOME_LINES = 500.0; // of a picture in which neighbours are one texel away
const EYE_DOME_GAIN = 100.0;

@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let size = vec2<i32>(textureDimensions(depth));
  let at = texel_of(in, vec2<f32>(size));
  let d = textureLoad(depth, at, 0);
  if (d <= 0.0) {
    return vec4<f32>(0.0); // the sky
  }
  let own = log2(sight_depth(d));
  let reach = max(f32(size.y) / EYE_DOME_LINES, 1.0);
  var behind = 0.0;
  for (var k = 0; k < EYE_DOME_WAYS; k++) {
    let turn = f32(k) * 2.0 * PI / f32(EYE_DOME_WAYS);
    let way = vec2<i32>(round(reach * 1.4 * vec2<f32>(cos(turn), sin(turn))));
    let other = textureLoad(depth, clamp(at + way, vec2<i32>(0), size - 1), 0);
    if (other > 0.0) {
      behind += max(own - log2(sight_depth(other)), 0.0);
    }
  }
  return vec4<f32>(0.0, 0.0, 0.0, 1.0 - exp(-EYE_DOME_GAIN * frame.grade_gain.w * behind / f32(EYE_DOME_WAYS)));
}
