// Where clouds are, and their shadow.

fn cloud_texel(at: vec2<f32>) -> f32 {
  let texel = vec2<f32>(CLOUD_X, CLOUD_Y) + 1.0 + fract(at) * CLOUD_TEXELS;
  return textureSampleLevel(air, linear_sampler, texel / vec2<f32>(textureDimensions(air)), 0.0).r;
}

// How much of a cloud is over a place (metres of the scene): 0 none, 1 its middle. fine: the share of small shapes.
fn cloud_cover(place: vec2<f32>, fine: f32) -> f32 {
  let at = (place - frame.cloud_drift.xy) / CLOUD_PERIOD_M;
  var shape = cloud_texel(at);
  if (fine > 0.0) {
    shape = mix(shape, 0.72 * shape + 0.28 * cloud_texel(at.yx * 5.0), fine);
  }
  let least = mix(0.82, 0.16, frame.clouds.x);
  return saturate((shape - least) / 0.24) * step(1e-4, frame.clouds.x);
}

// The share of the sun that reaches p (camera-relative) through the clouds.
fn cloud_light(p: vec3<f32>) -> f32 {
  if (frame.cloud_drift.z * frame.clouds.x <= 0.0) {
    return 1.0;
  }
  let world = p + frame.camera_hi.xyz + frame.camera_lo.xyz;
  let l = frame.sun_direction.xyz;
  let up = max(frame.clouds.y + 0.3 * frame.clouds.z - world.y, 0.0);
  let place = world.xz + l.xz * (up / max(l.y, 0.12));
  let opaque = 1.0 - exp(-3.0 * frame.clouds.w * cloud_cover(place, 1.0));
  return 1.0 - frame.cloud_drift.z * opaque * step(world.y, frame.clouds.y + frame.clouds.z);
}
