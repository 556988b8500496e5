// Curves from exposed radiance to the screen's linear light, 0 to 1.

// Film: toe, straight part, shoulder (Uchimura, "HDR theory and practice", CEDEC 2017), per channel after a little
// crosstalk, so that very bright saturated light goes towards white as film does.
fn filmic(exposed: vec3<f32>) -> vec3<f32> {
  let x = mix(exposed, vec3<f32>(dot(exposed, vec3<f32>(0.2126, 0.7152, 0.0722))), 0.06);
  let middle = 0.22;
  let shoulder = 0.532; // middle + (1 - middle) * 0.4, where the straight part ends
  let toe = middle * pow(x / middle, vec3<f32>(1.25));
  let top = 1.0 - (1.0 - shoulder) * exp((shoulder - x) / (1.0 - shoulder));
  let in_toe = 1.0 - smoothstep(vec3<f32>(0.0), vec3<f32>(middle), x);
  let in_top = step(vec3<f32>(shoulder), x);
  return clamp(toe * in_toe + x * (1.0 - in_toe - in_top) + top * in_top, vec3<f32>(0.0), vec3<f32>(1.0));
}

// AgX (Sobotka 2022): log2 in inset primaries through a sigmoid, here by a polynomial of degree 6 (Wrensch 2023). Light that
// is very bright loses its colour on the way.
fn agx(exposed: vec3<f32>) -> vec3<f32> {
  let inset = mat3x3<f32>(
    vec3<f32>(0.842479062253094, 0.0423282422610123, 0.0423756549057051),
    vec3<f32>(0.0784335999999992, 0.878468636469772, 0.0784336),
    vec3<f32>(0.0792237451477643, 0.0791661274605434, 0.879142973793104));
  let outset = mat3x3<f32>(
    vec3<f32>(1.19687900512017, -0.0528968517574562, -0.0529716355144438),
    vec3<f32>(-0.0980208811401368, 1.15190312990417, -0.0980434501171241),
    vec3<f32>(-0.0990297440797205, -0.0989611768448433, 1.15107367264116));
  let low = -12.47393;
  let high = 4.026069;
  let x = (clamp(log2(max(inset * exposed, vec3<f32>(1e-10))), vec3<f32>(low), vec3<f32>(high)) - low) / (high - low);
  let x2 = x * x;
  let x4 = x2 * x2;
  let y = 15.5 * x4 * x2 - 40.14 * x4 * x + 31.96 * x4 - 6.868 * x2 * x + 0.4298 * x2 + 0.1191 * x - 0.00232;
  return clamp(pow(max(outset * y, vec3<f32>(0.0)), vec3<f32>(2.2)), vec3<f32>(0.0), vec3<f32>(1.0));
}

// Khronos' PBR neutral (2024): colours as they are up to 0.76, then compressed by the brightest channel.
fn neutral(exposed: vec3<f32>) -> vec3<f32> {
  let start = 0.76;
  let low = min(exposed.r, min(exposed.g, exposed.b));
  let offset = select(0.04, low - 6.25 * low * low, low < 0.08);
  let c = exposed - offset;
  let peak = max(c.r, max(c.g, c.b));
  let room = 1.0 - start;
  let lower = 1.0 - room * room / (max(peak, start) + room - start);
  let share = 1.0 - 1.0 / (0.15 * (peak - lower) + 1.0);
  let pressed = mix(c * (lower / max(peak, 1e-6)), vec3<f32>(lower), share);
  return clamp(select(pressed, c, peak < start), vec3<f32>(0.0), vec3<f32>(1.0));
}

// By the view's curve.
fn tone_mapped(exposed: vec3<f32>) -> vec3<f32> {
  if (frame.view_look.y < 0.5) {
    return filmic(exposed);
  }
  if (frame.view_look.y < 1.5) {
    return agx(exposed);
  }
  return neutral(exposed);
}
