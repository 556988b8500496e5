// Temporal antialiasing: what the last frames saw of the same place, where it is still right, and a tenth of this frame,
// whose samples lie elsewhere in each pixel (frame.temporal.xy: where this frame's picture lies, in pixels to the right and
// down). While nothing moves it is the mean of all of them. What is shown may be larger than what is drawn: then a sample
// counts by how near to the middle of a pixel that is shown it lies, and a pixel near to none keeps its past, unless that was
// of something else: then it is what lies around, softly. Karis, "High-quality temporal supersampling" (SIGGRAPH 2014); the clip: Salvi, "An excursion in temporal
// supersampling" (2016); weights of the nine samples: Blackman-Harris as exp(-2.29 d^2). Things move without a velocity of
// their own: where their past lies outside of what is around them now, it is brought to its rim.
fn luma_chroma(c: vec3<f32>) -> vec3<f32> {
  return vec3<f32>(dot(c, vec3<f32>(0.25, 0.5, 0.25)), dot(c, vec3<f32>(0.5, 0.0, -0.5)), dot(c, vec3<f32>(-0.25, 0.5, -0.25)));
}

fn from_luma_chroma(c: vec3<f32>) -> vec3<f32> {
  return max(vec3<f32>(c.x + c.y - c.z, c.x + c.z, c.x - c.y - c.z), vec3<f32>(0.0));
}

// Very bright samples count less: their mean with dark ones would flicker. As tone maps do, bright light alone is pressed, so
// that the mean is that of what is seen.
const PRESSED_FROM = 0.5;

fn pressed(c: vec3<f32>) -> vec3<f32> {
  let peak = max(c.r, max(c.g, c.b));
  let room = 1.0 - PRESSED_FROM;
  let over = max(peak - PRESSED_FROM, 0.0) / room;
  return c * (min(peak, PRESSED_FROM + room * over / (1.0 + over)) / max(peak, 1e-6));
}

fn unpressed(c: vec3<f32>) -> vec3<f32> {
  let peak = max(c.r, max(c.g, c.b));
  let room = 1.0 - PRESSED_FROM;
  let over = max(peak - PRESSED_FROM, 0.0) / room;
  return c * (max(min(peak, PRESSED_FROM) + room * over / max(1.0 - over, 1e-4), 0.0) / max(peak, 1e-6));
}

// Catmull and Rom's cubic from five bilinear taps (Jimenez, "Filmic SMAA", 2016): a bilinear past grows soft.
fn past_at(uv: vec2<f32>, size: vec2<f32>) -> vec4<f32> {
  let at = uv * size;
  let middle = floor(at - 0.5) + 0.5;
  let f = at - middle;
  let w0 = f * (-0.5 + f * (1.0 - 0.5 * f));
  let w1 = 1.0 + f * f * (-2.5 + 1.5 * f);
  let w2 = f * (0.5 + f * (2.0 - 1.5 * f));
  let w3 = f * f * (-0.5 + 0.5 * f);
  let w12 = w1 + w2;
  let t0 = (middle - 1.0) / size;
  let t12 = (middle + w2 / w12) / size;
  let t3 = (middle + 2.0) / size;
  let corner = vec4<f32>(w12.x * w0.y, w0.x * w12.y, w3.x * w12.y, w12.x * w3.y);
  let inner = w12.x * w12.y;
  let sum = textureSampleLevel(past, linear_sampler, t12, 0.0) * inner
    + textureSampleLevel(past, linear_sampler, vec2<f32>(t12.x, t0.y), 0.0) * corner.x
    + textureSampleLevel(past, linear_sampler, vec2<f32>(t0.x, t12.y), 0.0) * corner.y
    + textureSampleLevel(past, linear_sampler, vec2<f32>(t3.x, t12.y), 0.0) * corner.z
    + textureSampleLevel(past, linear_sampler, vec2<f32>(t12.x, t3.y), 0.0) * corner.w;
  return max(sum / (inner + corner.x + corner.y + corner.z + corner.w), vec4<f32>(0.0));
}

@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let size = vec2<f32>(textureDimensions(hdr));
  let last = vec2<i32>(size) - 1;
  let shown = vec2<f32>(textureDimensions(past));
  let middle_at = uv_of(in) * size; // of this pixel, in those that are drawn
  let texel = vec2<i32>(middle_at);
  let pixels_drawn = size / shown; // in a pixel that is shown, across and down
  if (frame.temporal.w <= 0.0) {
    // Nothing moves: one more sample of the mean over each pixel's area, where one lies in it.
    let nearest_sample = vec2<i32>(floor(middle_at + frame.temporal.xy));
    let off = (vec2<f32>(nearest_sample) + 0.5 - frame.temporal.xy - middle_at) / pixels_drawn;
    let mean = textureLoad(past, texel_of(in, shown), 0);
    if (any(abs(off) > vec2<f32>(0.5001)) && frame.upscale.x < 1.0) {
      return mean;
    }
    let c = textureLoad(hdr, select(texel, clamp(nearest_sample, vec2<i32>(0), last), frame.upscale.x < 1.0), 0);
    let part = min(frame.temporal.z / (pixels_drawn.x * pixels_drawn.y), 1.0);
    let both = mix(vec4<f32>(pressed(mean.rgb), mean.a), vec4<f32>(pressed(c.rgb), c.a), part);
    return vec4<f32>(unpressed(both.rgb), both.a);
  }
  var sum = vec4<f32>(0.0);
  var weights = 0.0;
  let upscaled = frame.upscale.x < 1.0;
  var mean = vec3<f32>(0.0);
  var squares = vec3<f32>(0.0);
  var around = vec4<f32>(0.0);
  var counted = 0.0;
  var nearest = 0.0; // depth is reversed
  var at = texel;
  for (var y = -1; y <= 1; y++) {
    for (var x = -1; x <= 1; x++) {
      let there = clamp(texel + vec2<i32>(x, y), vec2<i32>(0), last);
      let c = textureLoad(hdr, there, 0);
      let away = vec2<f32>(texel + vec2<i32>(x, y)) + 0.5 - frame.temporal.xy - middle_at;
      let d = away / pixels_drawn;
      let weight = exp(-2.29 * dot(d, d));
      let p = pressed(c.rgb);
      sum += vec4<f32>(p, c.a) * weight;
      weights += weight;
      let q = luma_chroma(p);
      // Several shown pixels have the same texels around: by distance, so that these do not show.
      let soft = select(1.0, exp(-1.1 * dot(away, away)), upscaled);
      around += vec4<f32>(p, c.a) * soft;
      counted += soft;
      mean += q * soft;
      squares += q * q * soft;
      let depth_there = textureLoad(depth, there, 0);
      if (depth_there > nearest) {
        nearest = depth_there;
        at = there;
      }
    }
  }
  around /= counted;
  var now = sum / max(weights, 1e-6);
  // Where the nearest thing around was in the last picture: an edge keeps its antialiasing where the thing moves.
  let here = uv_of(in);
  let seen_at = (vec2<f32>(at) + 0.5) / size;
  let place = frame.inverse_view_projection * vec4<f32>(seen_at.x * 2.0 - 1.0, 1.0 - seen_at.y * 2.0, nearest, 1.0);
  let clip = frame.previous_view_projection * place;
  let was_at = vec2<f32>(clip.x, -clip.y) / clip.w * 0.5 + 0.5;
  // This frame's picture lies beside where it would without its offset, the last one's does not.
  let uv = here + was_at - (seen_at - frame.temporal.xy / size);
  if (frame.temporal.z >= 1.0 || any(uv < vec2<f32>(0.0)) || any(uv > vec2<f32>(1.0)) || clip.w <= 0.0) {
    now = select(now, around, vec4<bool>(upscaled));
    return vec4<f32>(unpressed(now.rgb), now.a);
  }
  let was = past_at(uv, shown);
  let middle = mean / counted;
  let spread = sqrt(max(squares / counted - middle * middle, vec3<f32>(0.0)));
  let offset = luma_chroma(pressed(was.rgb)) - middle;
  let beyond = abs(offset) / max(spread * frame.temporal.w, vec3<f32>(1e-5));
  let off = max(beyond.x, max(beyond.y, beyond.z));
  let held = from_luma_chroma(middle + offset / max(1.0, off));
  // The sum of the weights is 1.37 a sample in a pixel, in the mean.
  let covered = select(1.0, weights / (1.37 * pixels_drawn.x * pixels_drawn.y), upscaled);
  let share = min(frame.temporal.z * covered, 1.0);
  if (upscaled) {
    let other = 0.5 * saturate(0.25 * (off - 1.0)); // the past was of something else; or of something thin
    let both = mix(mix(vec4<f32>(held, was.a), now, share), around, other);
    return vec4<f32>(unpressed(both.rgb), both.a);
  }
  return vec4<f32>(unpressed(mix(held, now.rgb, share)), mix(was.a, now.a, share));
}
