// WebGPU only (WebGL2 blits): the depth of the first sample.
@group(3) @binding(0) var samples: texture_depth_multisampled_2d;

@fragment
fn fragment_main(in: FullscreenVaryings) -> @builtin(frag_depth) f32 {
  return textureLoad(samples, vec2<i32>(in.clip.xy), 0);
}
