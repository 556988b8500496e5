// What a lens makes of a picture that is not in focus, gathered: each place takes the light of those whose discs reach it
// (after Jimenez, "Next generation post processing in Call of Duty: Advanced Warfare", SIGGRAPH 2014). What is far spreads
// only over what is as far; what is near covers what is behind it.
const BOKEH_TAPS = 48;

struct Blurred {
  @location(0) far: vec4<f32>,
  @location(1) near: vec4<f32>, // a = what it covers
}

fn disc_point(n: i32) -> vec2<f32> {
  let turn = f32(n) * 2.39996323;
  return sqrt((f32(n) + 0.5) / f32(BOKEH_TAPS)) * vec2<f32>(cos(turn), sin(turn));
}

@fragment
fn fragment_main(in: FullscreenVaryings) -> Blurred {
  let size = vec2<f32>(textureDimensions(unfocused));
  let texel = texel_of(in, size);
  let uv = uv_of(in);
  let here = textureLoad(unfocused, texel, 0);
  var far = vec4<f32>(here.rgb, 1.0);
  if (here.a > 0.5) {
    for (var n = 0; n < BOKEH_TAPS; n++) {
      let offset = disc_point(n) * here.a;
      let there = textureSampleLevel(unfocused, linear_sampler, uv + offset / size, 0.0);
      let weight = saturate(there.a - length(offset) + 1.0) * saturate(there.a);
      far += vec4<f32>(there.rgb, 1.0) * weight;
    }
  }
  // The largest radius around, of tiles that lie within its reach.
  let tiles = vec2<i32>(textureDimensions(near_tiles));
  let tile = min(texel / 16, tiles - 1);
  var reach = 0.0;
  for (var y = -1; y <= 1; y++) {
    for (var x = -1; x <= 1; x++) {
      let at = clamp(tile + vec2<i32>(x, y), vec2<i32>(0), tiles - 1);
      reach = max(reach, textureLoad(near_tiles, at, 0).r);
    }
  }
  var near = vec4<f32>(0.0);
  if (reach > 0.5) {
    for (var n = 0; n < BOKEH_TAPS; n++) {
      let offset = disc_point(n) * reach;
      let there = textureSampleLevel(unfocused, linear_sampler, uv + offset / size, 0.0);
      let radius = max(-there.a, 0.0);
      // Its light over its disc's area, a share of the area that is looked at.
      let weight = saturate(radius - length(offset) + 1.0) * saturate(radius) * reach * reach
        / (f32(BOKEH_TAPS) * max(radius * radius, 0.25));
      near += vec4<f32>(there.rgb, 1.0) * weight;
    }
  }
  let covers = saturate(near.a * 1.2);
  return Blurred(vec4<f32>(far.rgb / far.a, 1.0), vec4<f32>(near.rgb / max(near.a, 1e-4), covers));
}
