// The last pass of a view: lens, bloom, tone map (not of colours that are shown as given), grade, LUT, dither.
// 32 x 32 x 32 colours side by side: red along a block, green down, blue by blocks. `c` and the result are sRGB.
fn graded(c: vec3<f32>) -> vec3<f32> {
  let blue = clamp(c.b, 0.0, 1.0) * 31.0;
  let block = floor(blue);
  let at = vec2<f32>(clamp(c.r, 0.0, 1.0) * 31.0 + 0.5, clamp(c.g, 0.0, 1.0) * 31.0 + 0.5);
  let near = textureSampleLevel(lut, linear_sampler, vec2<f32>((block * 32.0 + at.x) / 1024.0, at.y / 32.0), 0.0).rgb;
  let next = min(block + 1.0, 31.0);
  let far = textureSampleLevel(lut, linear_sampler, vec2<f32>((next * 32.0 + at.x) / 1024.0, at.y / 32.0), 0.0).rgb;
  return mix(near, far, blue - block);
}

@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let texel = texel_of(in, vec2<f32>(textureDimensions(hdr)));
  let seen = textureLoad(hdr, texel, 0);
  var c = seen.rgb;
  let lens = frame.view_lens;
  if (lens.y > 0.0) {
    c = parted(uv_of(in), lens.y);
  }
  if (frame.view_look.x > 0.0) {
    c = mix(c, textureSampleLevel(glow_1, linear_sampler, uv_of(in), 0.0).rgb, frame.view_look.x);
  }
  if (max(lens.x, lens.z) > 0.0) {
    let aspect = frame.viewport.x * frame.viewport.w;
    let p = in.ndc * vec2<f32>(aspect, -1.0);
    if (lens.z > 0.0) {
      c += flare_light(p, aspect) * lens.z;
    }
    c *= vignetted(p, length(vec2<f32>(aspect, 1.0)), lens.x);
  }
  var s = to_srgb(mix(tone_mapped(c), seen.rgb, seen.a));
  if (lens.w > 0.0) {
    s = color_graded(s);
  }
  if (frame.view_look.z > 0.0) {
    s = mix(s, graded(s), frame.view_look.z);
  }
  // Noise as wide as one code hides the bands of 8 bits; a code's own value stays (interleaved gradient: Jimenez 2014).
  let at = vec2<f32>(f32(texel.x), f32(texel.y));
  let grain = interleaved_noise(at) - 0.5;
  s = clamp(s + grain * (frame.view_look.w / 255.0), vec3<f32>(0.0), vec3<f32>(1.0));
  return vec4<f32>(from_srgb(s), 1.0);
}
