"""The air in numbers: what it is made of, and where its tables lie in textures. Pure data, open to every stage.

Owns: the constants of the atmosphere (web/shaders/gen/air.wgsl has the same, scene/air.py the same integrals in numpy)
and the regions of the tables. Lengths are kilometres: metres would leave float32 no digits at a radius of the Earth.
Source: Hillaire, "A scalable and production ready sky and atmosphere rendering technique" (2020), table 1.
"""

from __future__ import annotations

GROUND_KM, TOP_KM = 6360.0, 6460.0
RAYLEIGH = (5.802e-3, 13.558e-3, 33.1e-3)  # scattered a km at the ground, of red, green, blue
RAYLEIGH_HEIGHT_KM = 8.0
MIE, MIE_EXTINCTION = 3.996e-3, 4.44e-3  # of dust and haze; it absorbs a tenth
MIE_HEIGHT_KM, MIE_FORWARD = 1.2, 0.8
OZONE = (0.650e-3, 1.881e-3, 0.085e-3)  # absorbed a km at 25 km; nothing 15 km above and below
OZONE_MIDDLE_KM, OZONE_WIDTH_KM = 25.0, 15.0
ALBEDO = (0.09, 0.10, 0.11)  # of ground that nobody draws: between sea and meadow

# Tables: name, and width and height in texels.
SUNLIGHT = (256, 64)  # how much sunlight comes through, by the sun's height and the place's
BOUNCES = (32, 32)  # light of second and further scattering, by the same
SKY = (192, 108)  # what the camera sees of the air, by azimuth from the sun and height above the horizon
DEPTHS = 16  # slices of the air between the camera and what it sees
SLICE = 32  # texels of their sides, as in SKY
FAR_KM = 32.0  # of the last slice; slice n ends at FAR_KM (n / DEPTHS)^2
MIRRORS = 6  # levels of the sky as rough surfaces reflect it, octahedral, each half as wide
MIRROR_SIDE = 128

# Where they lie in the texture `air` (x, y, width, height); the others are textures of their own.
DEPTHS_AT = (0, 0, DEPTHS * SLICE, SLICE)

MIRRORS_AT = (0, SLICE, 2 * MIRROR_SIDE, MIRROR_SIDE)  # level n begins at 2 MIRROR_SIDE (1 - 2^-n)
CLOUD_TEXELS = 126.0  # of the clouds' pattern, which begins again after CLOUD_PERIOD_M; with a texel more on each side
CLOUD_PERIOD_M = 16_000.0
CLOUD_X, CLOUD_Y = 2.0 * MIRROR_SIDE, float(SLICE)
CLOUDS_AT = (2 * MIRROR_SIDE, SLICE, 128, 128)
AIR = (DEPTHS * SLICE, SLICE + MIRROR_SIDE)  # 512 x 160

# Below the tables: probes (frame/probes.py). A texel of a light probe is one colour's light: xyz = mean of direction
# times radiance, w = mean radiance. Probes of one height and colour are a tile, x along it and z down.
FACE = 64  # texels of a side of the cube around a probe, at most
LIGHT_FACE = 16  # of one that measures light alone
PROBE_VOLUMES, MIRROR_PROBES = 4, 4
