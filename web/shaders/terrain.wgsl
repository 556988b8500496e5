// Fragment stage of the material kind "terrain": a lit ground whose texture is too coarse near the camera, with noise
// by scene position on top, in colour and normal. Each octave fades out before a pixel becomes as wide as its bumps.
fn detail_octave(p: vec3<f32>, wavelength_m: f32, footprint_m: f32) -> vec4<f32> {
  let keep = 1.0 - smoothstep(0.2, 0.55, footprint_m / wavelength_m);
  if (keep <= 0.0) {
    return vec4<f32>(0.0);
  }
  return noise3(p / wavelength_m) * keep;
}

@fragment
fn fragment_main(in: Varyings, @builtin(front_facing) front: bool) -> Seen {
  adapted_ev = in.adapted_ev;
  let bound = material.bound;
  let p = pattern_position(in.position);
  let across = length(dpdx(in.position));
  let along = length(dpdy(in.position));
  // Seen at a flat angle a pixel is long and narrow; its long side alone would blur too much.
  let footprint = pow(max(across, along), 0.65) * pow(min(across, along), 0.35);
  let geometric = normalize(in.normal) * select(-1.0, 1.0, front);
  var base = in.color.rgb;
  if ((bound & HAS_BASE_COLOR) != 0u) {
    base *= textureSampleBias(base_color_texture, base_color_sampler, in.uv, frame.upscale.y).rgb;
  }
  if ((bound & HAS_EMISSIVE) != 0u) { // what a program painted on it: a ground gives no light of its own
    let at = vec3<f32>(in.uv, 1.0);
    let painted = textureSample(emissive_texture, emissive_sampler,
      vec2<f32>(dot(material.uv[UV_EMISSIVE].xyz, at), dot(material.uv[UV_EMISSIVE + 1u].xyz, at)));
    base = mix(base, painted.rgb, painted.a);
  }
  let strength = material.detail_strength;
  let scale = max(material.detail_scale_m, 0.01);
  let o1 = detail_octave(p, scale * 7.3, footprint);
  let o2 = detail_octave(p + vec3<f32>(17.1, 3.7, 41.9), scale * 1.9, footprint);
  let o3 = detail_octave(p + vec3<f32>(5.3, 29.3, 11.7), scale * 0.47, footprint);
  let o4 = detail_octave(p + vec3<f32>(31.7, 13.1, 7.9), scale * 0.11, footprint);
  let o5 = detail_octave(p + vec3<f32>(2.9, 19.7, 23.3), scale * 0.029, footprint);
  let o6 = detail_octave(p + vec3<f32>(13.7, 5.9, 37.1), scale * 0.0093, footprint);
  let o7 = detail_octave(p + vec3<f32>(23.9, 11.3, 3.1), scale * 0.0031, footprint);
  // Pebbles and tufts: what stands out of the middle octaves has an outline, lies in patches, and is lighter or darker.
  let patches = saturate(0.4 + 0.9 * o2.w + 0.5 * o3.w);
  let pebble = smoothstep(0.34, 0.52, o5.w) * patches;
  let speck = smoothstep(0.3, 0.55, o6.w) * (0.35 + 0.65 * patches);
  let slope = 1.0 - saturate(geometric.y);
  let shade_value = 0.26 * o1.w + 0.26 * o2.w + 0.22 * o3.w + 0.14 * o4.w + 0.12 * o5.w + 0.18 * o6.w + 0.24 * o7.w
    + pebble * (0.15 + 0.7 * o4.w) - 0.25 * speck;
  // Brighter bumps are dry and warm, hollows are dark and a little cooler.
  let tint = mix(vec3<f32>(0.92, 0.98, 1.04), vec3<f32>(1.08, 1.01, 0.92), saturate(0.5 + 0.6 * (o1.w + 0.5 * o2.w)));
  base *= max(1.0 + strength * shade_value, 0.15) * mix(vec3<f32>(1.0), tint, saturate(strength));
  let gradient = 0.05 * o1.xyz + 0.12 * o2.xyz + 0.20 * o3.xyz + 0.22 * o4.xyz + (0.14 + 0.3 * pebble) * o5.xyz
    + (0.13 + 0.2 * speck) * o6.xyz + 0.10 * o7.xyz;
  let bump = gradient * strength * (0.7 + 1.3 * saturate(slope * 2.0));
  let normal = normalize(geometric - (bump - geometric * dot(bump, geometric)));
  let cavity = saturate(1.0 + strength * 0.5 * min(o2.w + o3.w, 0.0));
  let wet = wetted(base, clamp(material.roughness, 0.3, 1.0), normal, material.metallic, in.position, geometric);
  let surface = plain_surface(wet.color, wet.normal, material.metallic, wet.roughness, cavity);
  let radiance = shade(surface, in.position, geometric) + material.emissive * material.emissive_strength;
  if (FADES && faded(in.fade, in.clip.xy)) {
    discard;
  }
  return seen_light(apply_fog(radiance, in.position), 1.0, in.position, in.row);
}
