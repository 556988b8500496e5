// One texel: the EV of automatic exposure. What the grid sees, the middle more than the rims, shall become MIDDLE; the way
// there is exp(-rate * dt) in closed form, so it does not depend on the frame rate.
const MIDDLE_EV = -2.4739; // log2 of 0.18, middle grey

@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  var sum = 0.0;
  var weights = 0.0;
  let side = i32(LUMINANCE_SIDE);
  for (var y = 0; y < side; y++) {
    for (var x = 0; x < side; x++) {
      let from_middle = (vec2<f32>(f32(x), f32(y)) + 0.5) / f32(LUMINANCE_SIDE) - 0.5;
      let weight = 1.0 - 1.2 * dot(from_middle, from_middle);
      sum += weight * textureLoad(luminance, vec2<i32>(x, y), 0).r;
      weights += weight;
    }
  }
  let was_ev = textureLoad(exposure, vec2<i32>(0), 0).r;
  let wanted_ev = MIDDLE_EV - sum / weights;
  let rate = select(frame.view_exposure.z, frame.view_exposure.y, wanted_ev > was_ev);
  let share = select(1.0 - exp(-rate * frame.view_exposure.x), 1.0, frame.view_exposure.w > 0.5);
  return vec4<f32>(was_ev + (wanted_ev - was_ev) * share, 0.0, 0.0, 1.0);
}
