// How much of the sun's light reaches the fog before a place: along the line of sight, in steps of equal opacity, each begun
// elsewhere in the texels of a 4 x 4 tile, whose mean smooth_beams.wgsl takes. Half the size.
const BEAMS_REACH_M = 4000.0; // farther away light and shadow are fog's mean, which the sea's fog has as well as the sky's

// The share of sunlight at a place in the air: from the smallest cascade that holds it, one tap.
fn sun_passes(p: vec3<f32>) -> f32 {
  for (var i = 0u; i < SHADOW_CASCADES; i++) {
    let q = (frame.shadow_matrices[i] * vec4<f32>(p, 1.0)).xyz;
    if (max(abs(q.x - 0.5), abs(q.y - 0.5)) < 0.5 * SHADOW_EDGE && q.z > 0.0 && q.z < 1.0) {
      let tile = frame.shadow_tiles[i];
      return shadow_tap(tile.xy + q.xy * tile.zw, q.z);
    }
  }
  return 1.0;
}

@fragment
fn fragment_main(in: FullscreenVaryings) -> @location(0) vec4<f32> {
  let uv = uv_of(in);
  let d = textureLoad(depth, texel_of(in, vec2<f32>(textureDimensions(depth))), 0);
  let p = place_at(uv, d);
  let far = select(min(length(p), FOG_FAR_M), FOG_FAR_M, d <= 0.0);
  let direction = normalize(p);
  let whole = 1.0 - exp(-fog_depth(direction, max(far - frame.fog_params.y, 0.0)));
  let reach = min(far, BEAMS_REACH_M);
  let opacity = 1.0 - exp(-fog_depth(direction, max(reach - frame.fog_params.y, 0.0)));
  if (opacity < 0.002) {
    return vec4<f32>(1.0, far, 0.0, 1.0);
  }
  let texel = vec2<i32>(in.clip.xy);
  let x = texel.x & 3;
  let y = texel.y & 3;
  let tile = (f32(((x + y) & 3) * 4 + ((y * 2 + x) & 3)) + 0.5) / 16.0;
  let start = fract(tile + frame.temporal.x * 5.3 + frame.temporal.y * 3.1); // temporal antialiasing: elsewhere in each frame
  let steps = i32(frame.shafts.y);
  var sum = 0.0;
  for (var n = 0; n < steps; n++) {
    let share = (f32(n) + start) / f32(steps) * opacity;
    let way = min(frame.fog_params.y + fog_way(direction, -log(1.0 - share)), reach);
    let place = direction * way;
    sum += (1.0 - sun_passes(place) * cloud_light(place)) * (1.0 - smoothstep(0.25, 1.0, way / BEAMS_REACH_M));
  }
  return vec4<f32>(1.0 - sum / f32(steps) * opacity / whole, far, 0.0, 1.0);
}
