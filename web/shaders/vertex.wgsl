// The vertex stage of every mesh pass: fetches the instance's row, places the vertex relative to the camera.
struct VertexIn {
  @location(0) position: vec3<f32>,
  @location(1) normal: vec2<f32>,
  @location(2) tangent: vec4<f32>,
  @location(3) uv: vec2<f32>,
  @location(4) color: vec4<f32>,
  @location(6) uv1: vec2<f32>, // as uv where the mesh has one set
  @location(15) row: u32, // ROW_LOCATION
}

// Sways what is high above the instance's foot; neighbours move with a lag along the wind.
fn wind_offset(local: vec3<f32>, foot: vec3<f32>) -> vec3<f32> {
  let height = max(local.y, 0.0);
  let amount = frame.wind.z * material.wind * height * height / (height + 4.0);
  let lag = dot(foot.xz, vec2<f32>(0.13, 0.17));
  let t = frame.camera_hi.w * frame.wind.w * 2.0 * PI;
  let gust = 0.55 + 0.3 * sin(t + lag) + 0.15 * sin(2.3 * t + 3.1 * lag + local.x);
  let flutter = 0.08 * sin(5.7 * t + 2.0 * (local.x + local.z) + lag);
  let along = vec3<f32>(frame.wind.x, 0.0, frame.wind.y);
  let across = vec3<f32>(-frame.wind.y, 0.0, frame.wind.x);
  return amount * (along * gust + across * flutter);
}

// T's cofactors turn a normal as T turns the surface, also where it is flattened; normal itself where nothing is left.
fn stretched_normal(scale: vec3<f32>, shear: vec3<f32>, normal: vec3<f32>) -> vec3<f32> {
  let largest = max(max(max(abs(scale.x), abs(scale.y)), abs(scale.z)), 1e-30);
  let s = scale / largest;
  let h = shear / largest;
  let found = vec3<f32>(
    s.y * s.z * normal.x,
    s.z * (s.x * normal.y - h.x * normal.x),
    (h.x * h.z - h.y * s.y) * normal.x - s.x * h.z * normal.y + s.x * s.y * normal.z);
  return select(normal, found, dot(found, found) > 0.0);
}

// A vertex at `at`, in its mesh's own axes, as are its normal and tangent.
fn placed(in: VertexIn, at: vec3<f32>, normal: vec3<f32>, tangent: vec4<f32>) -> Varyings {
  let origin = position_of(in.row);
  let rotation = rotation_of(in.row);
  let scale = scale_of(in.row);
  var tint = color_of(in.row);
  let shear = shear_used(in.row);
  var local = rotate(rotation, stretched(scale, shear, at));
  if (WIND) {
    local += wind_offset(local, origin);
  }
  let p = from_camera(local, origin);
  var out: Varyings;
  if (SHADOW_PASS) {
    // What lies before the tile's near plane is drawn onto it: it casts its shadow from wherever it is.
    let q = frame.shadow_matrices[draw.flags.y] * vec4<f32>(p, 1.0);
    out.clip = vec4<f32>(2.0 * q.x - q.w, q.w - 2.0 * q.y, min(q.z, q.w), q.w);
  } else {
    out.clip = frame.view_projection * vec4<f32>(p, 1.0);
  }
  let hand = select(1.0, -1.0, (draw.flags.x & DRAW_MIRRORED) != 0u);
  out.position = p;
  out.normal = hand * rotate(rotation, stretched_normal(scale, shear, normal));
  out.tangent = vec4<f32>(rotate(rotation, stretched(scale, shear, tangent.xyz)), hand * tangent.w);
  out.uv = in.uv * material.uv_scale;
  out.row = in.row;
  out.adapted_ev = exposure_ev();
  out.uv1 = in.uv1 * material.uv_scale;
  if (LAYERED) {
    out.scale = pow(abs(scale.x * scale.y * scale.z), 1.0 / 3.0);
  }
  if (FADES) {
    out.fade = round(tint.a * 255.0);
    tint.a = 1.0;
  }
  out.color = in.color * vec4<f32>(srgb_to_linear(tint.rgb), tint.a) * material.base_color;
  return out;
}
