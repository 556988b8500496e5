// The picture that was put together from smaller ones, sharpened as far as no pixel leaves the range of those beside it (the
// idea of AMD's robust contrast-adaptive sharpening, 2021), in colours that are pressed into 0 to 1. While nothing moves it
// is a mean that needs none.
const SHARPNESS = 0.87; // 2^-0.2
const LOBE_MAX = 0.1875; // more would show noise

fn pressed_at(texel: vec2<i32>, last: vec2<i32>) -> vec3<f32> {
  let c = textureLoad(source, clamp(texel, vec2<i32>(0), last), 0).rgb;
  return c / (1.0 + max(c.r, max(c.g, c.b)));
}

@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let size = vec2<f32>(textureDimensions(source));
  let last = vec2<i32>(size) - 1;
  let texel = texel_of(in, size);
  let given = textureLoad(source, texel, 0);
  if (frame.temporal.w <= 0.0) {
    return given;
  }
  let here = pressed_at(texel, last);
  let a = pressed_at(texel + vec2<i32>(0, -1), last);
  let b = pressed_at(texel + vec2<i32>(-1, 0), last);
  let c = pressed_at(texel + vec2<i32>(1, 0), last);
  let d = pressed_at(texel + vec2<i32>(0, 1), last);
  let low = min(min(a, b), min(c, d));
  let high = max(max(a, b), max(c, d));
  let room = min(low / (4.0 * high + 1e-5), (vec3<f32>(1.0) - high) / (4.0 * (vec3<f32>(1.0) - low) + 1e-5));
  let lobe = min(min(room.r, min(room.g, room.b)), LOBE_MAX) * SHARPNESS;
  let sharp = (here - (a + b + c + d) * lobe) / (1.0 - 4.0 * lobe);
  let s = clamp(sharp, min(low, here), min(max(high, here), vec3<f32>(0.9999)));
  let light = s / (1.0 - max(s.r, max(s.g, s.b)));
  return vec4<f32>(mix(light, given.rgb, given.a), given.a); // colours that are shown as given stay
}
