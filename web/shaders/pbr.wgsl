// The material kind "pbr": the surface is the material's own.
fn surface(in: SurfaceIn) -> Surface {
  return default_surface(in);
}
