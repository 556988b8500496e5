"""What materials can be: coloured glass, a diamond, frost, a soap bubble, brushed steel, gold, velvet, car paint."""

import math

import numpy as np

import layerw as lw

app = lw.App(title="Materials")
app.sun.elevation, app.view.bloom = math.radians(35), 0.04
app.camera.position = (0, 2.3, 7.4)
app.camera.look_at((0, 1.6, 0))

squares = np.indices((16, 16)).sum(axis=0) % 2  # a board: what is clear shows how it bends
board = lw.Texture(np.where(squares[..., None], (0.85, 0.83, 0.8), (0.25, 0.28, 0.33)), filter="nearest")
app.spawn(lw.Mesh.plane(16, 16), lw.Material(base_color_texture=board, roughness=0.6), static=True)
kinds = {
    "glass": lw.Material(transmission=1.0, roughness=0.0, thickness=1.0, attenuation_color="seagreen",
                         attenuation_distance=0.8),
    "diamond": lw.Material(transmission=1.0, roughness=0.0, ior=2.42, thickness=0.8, dispersion=0.5),
    "frost": lw.Material(transmission=1.0, roughness=0.45),
    "bubble": lw.Material(color=(1, 1, 1, 0.15), roughness=0.0, iridescence=1.0, iridescence_nm=380.0),
    "steel": lw.Material(metallic=1.0, roughness=0.3, anisotropy=0.85),
    "gold": lw.Material(color="#ffd37a", metallic=1.0, roughness=0.15),
    "velvet": lw.Material(color="indigo", sheen_color="plum", sheen_roughness=0.35),
    "paint": lw.Material(color="darkred", metallic=0.5, roughness=0.45, clearcoat=1.0, clearcoat_roughness=0.03),
}
for number, (name, material) in enumerate(kinds.items()):
    row, column = divmod(number, 4)
    place = np.array((2.0 * column - 3.0, 0.75 + 1.9 * row, 1.6 - 1.2 * row))
    app.spawn(lw.Mesh.sphere(0.75, 32), material, position=place)
    lw.Label(name, position=np.add(place, (0, 0.93, 0)), size=0.26, color="#20242c")


@app.frame
def orbit(dt):
    app.camera.position = (2.4 * math.sin(0.4 * app.time_s), 2.3, 7.4)
    app.camera.look_at((0, 1.6, 0))
