"""A shader of the program's own: WGSL moves the vertices into waves and paints them; its parameters are sliders."""

import math

import layerw as lw

app = lw.App(title="A shader")
app.sun.elevation, app.sun.azimuth = math.radians(28), math.radians(40)
waves = lw.Shader("""
fn height(p: vec2f, t: f32) -> f32 {
  return sin(p.x * 1.3 + t) * 0.5 + sin(p.y * 1.7 - t * 1.3) * 0.4 + sin((p.x + p.y) * 2.9 + t * 1.9) * 0.15;
}
fn displace(in: DisplaceIn) -> vec3f {
  return in.position + vec3f(0.0, params.height * height(in.uv * params.ripples, in.time), 0.0);
}
fn surface(in: SurfaceIn) -> Surface {
  var s = default_surface(in);
  let h = height(in.uv * params.ripples, in.time);
  let line = smoothstep(0.42, 0.5, abs(fract(h * 6.0) - 0.5));
  let color = mix(params.low.rgb, params.high.rgb, smoothstep(-0.9, 0.9, h));
  s.base_color = vec4f(mix(color, vec3f(1.0), 0.5 * line), 1.0);
  s.roughness = 0.35;
  return s;
}
""", params={"height": 1.0, "ripples": 7.0, "low": "#0b3954", "high": "#ff9f5a"})
cloth = lw.Material(shader=waves, double_sided=True)
app.spawn(lw.Mesh.plane(24, 24, 160), cloth, position=(0, 0, 0))

with app.ui.panel("Waves", anchor="top left"):
    height = app.ui.slider("height", 0.0, 2.0, value=1.0)
    ripples = app.ui.slider("ripples", 2.0, 14.0, value=7.0)
height.on_change(lambda value: cloth.params.update(height=value))
ripples.on_change(lambda value: cloth.params.update(ripples=value))


@app.frame
def orbit(dt):
    app.camera.position = (17 * math.sin(0.1 * app.time_s), 8, 17 * math.cos(0.1 * app.time_s))
    app.camera.look_at((0, -1, 0))
