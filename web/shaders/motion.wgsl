// The camera's own motion while the shutter is open: the mean along the way that a place has come since the last frame.
const MOTION_TAPS = 12;
const MOTION_MAX = 0.06; // of the picture's height

@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let size = vec2<f32>(textureDimensions(hdr));
  let texel = texel_of(in, size);
  let here = textureLoad(hdr, texel, 0);
  let uv = uv_of(in);
  let drawn = vec2<f32>(textureDimensions(depth));
  let d = textureLoad(depth, texel_of(in, drawn), 0);
  let clip = frame.previous_view_projection * (frame.inverse_view_projection * vec4<f32>(in.ndc.x, in.ndc.y, d, 1.0));
  if (clip.w <= 0.0 || frame.temporal.z >= 1.0) {
    return here;
  }
  let was = vec2<f32>(clip.x, -clip.y) / clip.w * 0.5 + 0.5;
  var way = (was - (uv - frame.temporal.xy / drawn)) * frame.focus.w;
  let pixels = length(way * size);
  if (pixels < 0.5) {
    return here;
  }
  way *= min(1.0, MOTION_MAX * size.y / pixels);
  let start = interleaved_noise(vec2<f32>(texel)) - 0.5;
  var sum = vec4<f32>(0.0);
  for (var n = 0; n < MOTION_TAPS; n++) {
    let t = (f32(n) + 0.5 + start) / f32(MOTION_TAPS) - 0.5;
    sum += textureSampleLevel(hdr, linear_sampler, uv + way * t, 0.0);
  }
  return sum / f32(MOTION_TAPS);
}
