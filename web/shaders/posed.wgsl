// What moves the vertices of posed meshes: morphs, then the joints of a skin. frame/poses.py lays the texels out:
//   texel 0      where the table begins, and how many rows it knows
//   table        four rows a texel: where a row's head lies, 0 = it is not posed
//   head         first texel of its joints' matrices (0 = none), of a second set, the share of that, first of its morphs;
//                below 0: minus the texel of its fade
//   a fade       two more sets with the share of the second, and what these two weigh against the head's
//   a joint      three texels: the rows of a 3x4 matrix, from where the mesh was modelled to where it is
//   a morph      three texels a vertex: what is added to position, normal and tangent
@group(0) @binding(12) var poses: texture_2d<f32>;

struct PosedIn {
  @location(0) position: vec3<f32>,
  @location(1) normal: vec2<f32>,
  @location(2) tangent: vec4<f32>,
  @location(3) uv: vec2<f32>,
  @location(4) color: vec4<f32>,
  @location(6) uv1: vec2<f32>,
  @location(7) joints: vec4<u32>, // POSED in gpu/spec.py
  @location(8) joint_weights: vec4<f32>,
  @location(9) source: u32,
  @location(15) row: u32,
}

// Up to four sets of joints: two mixed, and two that are mixed with those.
struct Head {
  sets: vec4<f32>,
  fade: vec4<f32>, // w 0: there is none
}

struct Pose {
  position: vec3<f32>,
  normal: vec3<f32>,
  tangent: vec4<f32>,
}

// A matrix by rows.
struct Matrix {
  x: vec4<f32>,
  y: vec4<f32>,
  z: vec4<f32>,
}

fn pose_texel(index: u32) -> vec4<f32> {
  return textureLoad(poses, vec2<u32>(index % POSE_LINE, index / POSE_LINE), 0);
}

fn pose_head(row: u32) -> vec4<f32> {
  let about = pose_texel(0u);
  if (row >= u32(about.y)) {
    return vec4<f32>(0.0);
  }
  let four = pose_texel(u32(about.x) + row / 4u);
  let pair = select(four.xy, four.zw, (row & 2u) != 0u);
  let at = select(pair.x, pair.y, (row & 1u) != 0u);
  if (at == 0.0) {
    return vec4<f32>(0.0);
  }
  return pose_texel(u32(at));
}

fn mixed_row(sets: vec4<f32>, texel: u32) -> vec4<f32> {
  let here = pose_texel(u32(sets.x) + texel);
  if (sets.z > 0.0) {
    return mix(here, pose_texel(u32(sets.y) + texel), sets.z);
  }
  return here;
}

fn joint_row(head: Head, texel: u32) -> vec4<f32> {
  let here = mixed_row(head.sets, texel);
  if (head.fade.w > 0.0) {
    return mix(here, mixed_row(head.fade, texel), head.fade.w);
  }
  return here;
}

fn with_joint(sum: Matrix, head: Head, joint: u32, weight: f32) -> Matrix {
  if (weight == 0.0) {
    return sum;
  }
  let at = 3u * joint;
  return Matrix(
    sum.x + weight * joint_row(head, at),
    sum.y + weight * joint_row(head, at + 1u),
    sum.z + weight * joint_row(head, at + 2u));
}

fn turned_by(m: Matrix, v: vec3<f32>) -> vec3<f32> {
  return vec3<f32>(dot(m.x.xyz, v), dot(m.y.xyz, v), dot(m.z.xyz, v));
}

// Where a vertex is in its mesh's own axes.
fn posed(in: PosedIn) -> Pose {
  let sets = pose_head(in.row);
  var fade = vec4<f32>(0.0);
  if (sets.w < 0.0) {
    fade = pose_texel(u32(-sets.w));
  }
  let head = Head(sets, fade);
  var position = in.position;
  var normal = octahedral(in.normal);
  var tangent = in.tangent.xyz;
  if (sets.w > 0.0) {
    let at = u32(sets.w) + 3u * in.source;
    position += pose_texel(at).xyz;
    let bent = normal + pose_texel(at + 1u).xyz;
    normal = select(normal, bent, dot(bent, bent) > 0.0);
    tangent += pose_texel(at + 2u).xyz;
  }
  if (sets.x > 0.0) {
    let nothing = vec4<f32>(0.0);
    var m = Matrix(nothing, nothing, nothing);
    m = with_joint(m, head, in.joints.x, in.joint_weights.x);
    m = with_joint(m, head, in.joints.y, in.joint_weights.y);
    m = with_joint(m, head, in.joints.z, in.joint_weights.z);
    m = with_joint(m, head, in.joints.w, in.joint_weights.w);
    position = turned_by(m, position) + vec3<f32>(m.x.w, m.y.w, m.z.w);
    tangent = turned_by(m, tangent);
    // a normal is turned by the cofactors
    let a = cross(m.y.xyz, m.z.xyz);
    let b = cross(m.z.xyz, m.x.xyz);
    let c = cross(m.x.xyz, m.y.xyz);
    let upright = vec3<f32>(dot(a, normal), dot(b, normal), dot(c, normal)) * sign(dot(m.x.xyz, a));
    normal = select(normal, upright, dot(upright, upright) > 0.0);
  }
  return Pose(position, normalize(normal), vec4<f32>(tangent, in.tangent.w));
}

fn unposed(in: PosedIn) -> VertexIn {
  return VertexIn(in.position, in.normal, in.tangent, in.uv, in.color, in.uv1, in.row);
}
