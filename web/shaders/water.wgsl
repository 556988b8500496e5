// Fragment stage of the material kind "water": moving waves of several sizes, Fresnel reflection of the sky, sun glitter.
// Waves narrower than a pixel turn into roughness, so the sea far away is smooth instead of shimmering.
struct Waves {
  slope: vec2<f32>,
  roughness: f32, // added by the waves that are too small to see
}

fn wave(waves: Waves, p: vec2<f32>, wavelength_m: f32, heading: vec2<f32>, height: f32, footprint_m: f32, seed: i32) -> Waves {
  let speed = 1.25 * sqrt(wavelength_m); // deep-water waves: g * wavelength / (2 pi), under the root
  let q = p - heading * (speed * frame.camera_hi.w);
  // Crests lie across the heading: stretch the noise along them.
  let along = vec2<f32>(dot(q, heading), 0.55 * dot(q, vec2<f32>(-heading.y, heading.x))) / wavelength_m;
  let keep = 1.0 - smoothstep(0.12, 0.5, footprint_m / wavelength_m);
  var g = vec2<f32>(0.0);
  if (keep > 0.0) {
    g = noise2(along, seed).xy * keep;
  }
  let turned = heading * g.x + vec2<f32>(-heading.y, heading.x) * (0.55 * g.y);
  return Waves(waves.slope + turned * height, waves.roughness + height * height * (1.0 - keep));
}

@fragment
fn fragment_main(in: Varyings, @builtin(front_facing) front: bool) -> Seen {
  adapted_ev = in.adapted_ev;
  let p = pattern_position(in.position);
  let footprint = max(length(dpdx(in.position)), length(dpdy(in.position)));
  let geometric = normalize(in.normal) * select(-1.0, 1.0, front);
  var w = Waves(vec2<f32>(0.0), 0.0);
  w = wave(w, p.xz, 61.0, vec2<f32>(0.83, 0.56), 0.030, footprint, 1);
  w = wave(w, p.xz, 23.0, vec2<f32>(0.97, -0.24), 0.050, footprint, 2);
  w = wave(w, p.xz, 9.1, vec2<f32>(0.45, 0.89), 0.060, footprint, 3);
  w = wave(w, p.xz, 3.7, vec2<f32>(0.93, 0.37), 0.065, footprint, 4);
  w = wave(w, p.xz, 1.3, vec2<f32>(-0.31, 0.95), 0.060, footprint, 5);
  w = wave(w, p.xz, 0.45, vec2<f32>(0.62, -0.78), 0.055, footprint, 6);
  w = wave(w, p.xz, 0.17, vec2<f32>(0.88, 0.47), 0.045, footprint, 7);
  w = wave(w, p.xz, 0.065, vec2<f32>(0.21, -0.98), 0.030, footprint, 8);
  let normal = normalize(vec3<f32>(geometric.x - w.slope.x, geometric.y, geometric.z - w.slope.y));
  let v = -normalize(in.position);
  let nv = max(dot(normal, v), 0.02);
  let roughness = clamp(sqrt(material.roughness * material.roughness + 2.5 * w.roughness), 0.06, 0.6);
  let fresnel = 0.02 + 0.98 * pow(1.0 - nv, 5.0) / (1.0 + 6.0 * roughness * roughness);
  var r = reflect(-v, normal);
  r.y = abs(r.y); // a steep wave's second bounce
  let around = mirrored_scene(in.position, geometric, normal);
  let sky = with_mirrored_clouds(r, sky_reflection(r, roughness * 0.6));
  let reflected = sky * (1.0 - around.a) + around.rgb;
  let l = frame.sun_direction.xyz;
  let visible = sun_visibility(in.position, geometric) * cloud_light(in.position);
  let glitter = ggx_specular(normal, v, l, vec3<f32>(0.02), 1.0, roughness) * saturate(dot(normal, l)) * visible;
  // Light that comes back out of the water: sky and sun, scattered, tinted by the water's colour.
  let lit = sky_irradiance(normal) + frame.sun_color.rgb * (saturate(l.y) * (0.4 + 0.6 * visible) / PI);
  let crest = saturate(0.5 + 2.0 * dot(w.slope, vec2<f32>(0.7, 0.7)));
  let body = in.color.rgb * lit * (0.85 + 0.3 * crest);
  let lamps = lamp_light(plain_surface(in.color.rgb, normal, 0.0, roughness, 1.0), v, in.position, geometric);
  let radiance = mix(body, reflected, fresnel) + frame.sun_color.rgb * glitter + lamps;
  // How much of the ground shows depends on the way through the water, for a shallow two metres.
  let path = 2.0 / max(v.y, 0.08);
  let clear = exp(-path / max(material.water_clarity_m, 0.05)) * (1.0 - fresnel);
  return seen_light(apply_fog(radiance, in.position), in.color.a * (1.0 - clear), in.position, in.row);
}
