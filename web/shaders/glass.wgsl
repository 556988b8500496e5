// What is seen through a surface: `screen` is a copy of the picture with its smaller levels (background.wgsl), looked up where
// light leaves the glass, blurred by its roughness and tinted on its way (KHR_materials_transmission, _volume, _dispersion;
// Beer and Lambert for what is swallowed).

// One level of the copy, smooth between its texels: a cubic B-spline by four linear samples (Sigg and Hadwiger 2005).
fn smooth_level(uv: vec2<f32>, level: f32) -> vec3<f32> {
  let size = vec2<f32>(textureDimensions(screen, i32(level)));
  let at = uv * size - 0.5;
  let f = fract(at);
  let g = 1.0 - f;
  let low = g * g * g / 6.0;
  let high = f * f * f / 6.0;
  let near = 2.0 / 3.0 - 0.5 * f * f * (2.0 - f);
  let far = 2.0 / 3.0 - 0.5 * g * g * (2.0 - g);
  let left = low + near;
  let right = far + high;
  let a = (floor(at) - 0.5 + near / left) / size;
  let b = (floor(at) + 1.5 + high / right) / size;
  return left.y * (left.x * textureSampleLevel(screen, linear_sampler, a, level).rgb
      + right.x * textureSampleLevel(screen, linear_sampler, vec2<f32>(b.x, a.y), level).rgb)
    + right.y * (left.x * textureSampleLevel(screen, linear_sampler, vec2<f32>(a.x, b.y), level).rgb
      + right.x * textureSampleLevel(screen, linear_sampler, b, level).rgb);
}

// The copy at uv, blurred. What lies before the glass is not seen through it: then what is straight behind.
fn background_at(uv: vec2<f32>, straight: vec2<f32>, blur: f32, metres: f32) -> vec3<f32> {
  let size = vec2<f32>(textureDimensions(screen, 0));
  let inside = clamp(uv, vec2<f32>(0.0), vec2<f32>(1.0));
  let there = textureLoad(screen, vec2<i32>(min(inside * size, size - 1.0)), 0).a;
  let at = select(inside, straight, there < metres * 0.98);
  let level = log2(max(size.x, size.y)) * blur;
  if (level <= 0.01) {
    return textureSampleLevel(screen, linear_sampler, at, 0.0).rgb;
  }
  let lower = floor(level);
  return mix(smooth_level(at, lower), smooth_level(at, lower + 1.0), level - lower);
}

fn place_on_screen(p: vec3<f32>) -> vec2<f32> {
  let clip = frame.view_projection * vec4<f32>(p, 1.0);
  return clip.xy / clip.w * vec2<f32>(0.5, -0.5) + 0.5;
}

// Radiance from behind towards `view`. thickness: metres; p: camera-relative.
fn seen_through(s: Surface, view: vec3<f32>, thickness: f32, p: vec3<f32>) -> vec3<f32> {
  let straight = place_on_screen(p);
  let metres = depth_of(p);
  let spread = (s.ior - 1.0) * 0.025 * material.dispersion;
  let blur = saturate(s.roughness) * saturate(2.0 * s.ior - 2.0);
  var sum = vec3<f32>(0.0);
  var way = vec3<f32>(0.0);
  let is_spread = spread > 0.0 && thickness > 0.0;
  for (var k = 0; k < 3; k++) { // red, green, blue
    if (k > 0 && !is_spread) {
      continue;
    }
    let ior = max(s.ior + spread * (f32(k) - 1.0) * select(0.0, 1.0, is_spread), 1.0);
    let bent = refract(-view, s.normal, 1.0 / ior);
    way = select(-view, bent, dot(bent, bent) > 0.0) * thickness;
    let c = background_at(place_on_screen(p + way), straight, blur, metres);
    if (is_spread) {
      let mask = vec3<f32>(f32(k == 0), f32(k == 1), f32(k == 2));
      sum += c * mask;
    } else {
      sum = c;
    }
  }
  var kept = s.base_color.rgb;
  if (material.attenuation_distance > 0.0) {
    kept *= pow(max(material.attenuation_color, vec3<f32>(1e-6)), vec3<f32>(length(way) / material.attenuation_distance));
  }
  return sum * kept / max(frame.camera_lo.w * exp2(adapted_ev), 1e-20);
}
