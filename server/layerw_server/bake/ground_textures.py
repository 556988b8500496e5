"""The textures of the kinds of ground: colour, and normal with height, made of noise and small things.

Owns: how each kind looks from near. Deterministic: every world of a version has the same.
Does not: say where a kind lies (paint.py), or what colour ground has from afar: a kind's mean is that of paint.py,
which a shader divides by, so that near and far agree.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image

from layerw.base.ground_kinds import GRID, KINDS, SIDE
from layerw_server.bake.ground_sheets import Cells, Pile, Rng, blades, blurred, cells, clouds, stones
from layerw_server.bake.heightfield import F32

Made = tuple[F32, F32, float]  # sRGB 0 to 1, height 0 to 1, how many texels high that is
Color = tuple[float, float, float]
MEANS: dict[str, Color] = {  # sRGB, as paint.py lays them
    "grass": (74, 92, 40), "dry_grass": (126, 120, 68), "moss": (60, 62, 34), "heath": (104, 98, 62),
    "soil": (96, 78, 58), "sand": (208, 190, 150), "wet_sand": (150, 130, 98), "gravel": (128, 122, 112),
    "pebbles": (122, 118, 110), "rock": (118, 111, 103), "cliff": (112, 105, 97), "scree": (132, 126, 117),
    "snow": (238, 242, 248), "mud": (84, 72, 56), "red_rock": (150, 90, 62), "asphalt": (76, 76, 78),
}  # fmt: skip


def _tones(colors: list[Color], at: F32) -> F32:
    """A colour along a ramp of sRGB bytes; at: 0 to 1."""
    ramp = np.array(colors, np.float32) / 255
    stops = np.linspace(0.0, 1.0, len(colors))
    out: F32 = np.stack([np.interp(at, stops, ramp[:, k]) for k in range(3)], axis=-1).astype(np.float32)
    return out


def _unit(sheet: F32, reach: float = 2.2) -> F32:
    out: F32 = np.clip(0.5 + sheet / (2 * reach), 0.0, 1.0)
    return out


def _pick(rng: Rng, owner: npt.NDArray[np.int64], count: int) -> F32:
    """A number of 0 to 1 for each thing, on its texels."""
    out: F32 = rng.random(count).astype(np.float32)[owner]
    return out


def _over(below: F32, above: F32, share: F32) -> F32:
    out: F32 = below + share[..., None] * (above - below)
    return out


def _earth(rng: Rng, colors: list[Color]) -> tuple[F32, F32]:
    """What is seen between things: crumbs of soil."""
    crumbs = cells(rng, SIDE, 64, 3 * clouds(rng, SIDE, 40, 6), 3 * clouds(rng, SIDE, 40, 6))
    height = 0.35 * np.minimum(crumbs.edge * 1.6, 1.0) + 0.3 * _unit(clouds(rng, SIDE, 90, 2, 1.2))
    tone = 0.5 * _pick(rng, crumbs.owner, crumbs.count) + 0.5 * _unit(clouds(rng, SIDE, 120, 2, 1.0))
    return _tones(colors, tone), height


def _meadow(
    rng: Rng, fresh: list[Color], old: list[Color], dry: float, count: int, length: tuple[float, float],
) -> Made:
    ground, low = _earth(rng, [(46, 38, 26), (74, 62, 42)])
    pile = Pile(SIDE)
    blades(rng, pile, count, length, 1.5, low=0.12, high=0.75)
    blades(rng, pile, count // 2, (0.6 * length[0], 0.8 * length[1]), 1.1, low=0.3, high=1.0, bend=1.1)
    stones(rng, pile, rng.uniform(3, 6, count // 14).astype(np.float32), low=0.1, high=0.6, flat=0.5, round_=2.0)
    height, owner = pile.height, pile.owner
    which = _pick(rng, owner, pile.count)
    patch = _unit(clouds(rng, SIDE, 200, 40, 1.0))
    shade = np.clip(0.12 + 0.95 * height + 0.25 * (which - 0.5), 0, 1)
    color = _over(_tones(fresh, shade), _tones(old, shade),
                  np.clip((_pick(rng, owner, pile.count) < dry * (0.4 + 1.2 * patch)) * 1.0, 0, 1))
    bare = (owner == 0).astype(np.float32)
    full = np.where(owner > 0, 0.25 + 0.75 * height, 0.25 * low)
    return _over(color, ground, bare), full.astype(np.float32), 16.0


def grass(rng: Rng) -> Made:
    """Lush blades and small leaves of clover."""
    return _meadow(rng, [(20, 32, 8), (58, 84, 26), (96, 124, 48), (146, 164, 84)],
                   [(52, 46, 24), (120, 112, 60), (176, 164, 104)], 0.12, 5200, (26, 54))  # fmt: skip


def dry_grass(rng: Rng) -> Made:
    """Straw over soil, some of it green."""
    return _meadow(rng, [(40, 36, 16), (112, 104, 54), (164, 150, 88), (204, 190, 130)],
                   [(34, 40, 14), (84, 98, 44), (120, 130, 70)], 0.3, 3600, (30, 66))  # fmt: skip


def moss(rng: Rng) -> Made:
    """The floor of a wood: cushions of moss, fallen leaves, needles and twigs."""
    ground, low = _earth(rng, [(34, 28, 20), (66, 52, 36)])
    cushions = _unit(clouds(rng, SIDE, 150, 24, 1.4), 1.6)
    fur = clouds(rng, SIDE, 10, 1.5, 0.4)
    share = np.clip((cushions - 0.5 + 0.04 * fur) * 7, 0, 1)
    green = _tones([(24, 32, 10), (58, 70, 24), (104, 116, 46)], _unit(fur, 2.6) * 0.75 + 0.25 * cushions)
    color, base = _over(ground, green, share), 0.25 * low + share * (0.16 + 0.3 * (cushions - 0.45) + 0.04 * fur)
    pile = Pile(SIDE)
    leaves = stones(rng, pile, rng.uniform(7, 15, 170).astype(np.float32), low=0.15, high=0.4, flat=0.4, round_=1.7,
                    tall=0.4)
    needles = blades(rng, pile, 2600, (12, 30), 0.8, low=0.2, high=0.5, bend=0.15)
    twigs = blades(rng, pile, 34, (70, 170), 2.2, low=0.35, high=0.8, bend=0.5)
    which = _pick(rng, pile.owner, pile.count)
    owner = pile.owner
    vein = _unit(clouds(rng, SIDE, 12, 1.5, 0.6))
    things = _tones([(52, 34, 20), (94, 62, 34), (134, 94, 52), (152, 120, 74)], 0.75 * which + 0.25 * vein)
    dark = np.isin(owner, np.r_[twigs]) * 0.45 + np.isin(owner, np.r_[needles]) * 0.1
    things *= (1 - dark)[..., None]
    shown = ((owner > 0) & (pile.height + 0.06 * leaves.start > 0.9 * base * share)).astype(np.float32)
    shown *= 1 - 0.75 * share * np.isin(owner, np.r_[needles])
    return _over(color, things, shown), np.clip(base + shown * 0.7 * pile.height, 0, 1).astype(np.float32), 13.0


def heath(rng: Rng) -> Made:
    """Low tufts, heather and lichen over stony soil."""
    ground, low = _earth(rng, [(62, 54, 40), (112, 100, 78)])
    pile = Pile(SIDE)
    stones(rng, pile, rng.uniform(5, 16, 90).astype(np.float32), low=0.05, high=0.35)
    rocks = pile.count
    tufts = _unit(clouds(rng, SIDE, 90, 26, 1.0), 1.4)
    blades(rng, pile, 5200, (12, 34), 1.3, low=0.1, high=0.8, bend=0.7)
    owner, which = pile.owner, _pick(rng, pile.owner, pile.count)
    shade = np.clip(0.15 + 0.9 * pile.height + 0.2 * (which - 0.5), 0, 1)
    plants = _over(_tones([(34, 32, 14), (92, 88, 44), (150, 140, 84)], shade),
                   _tones([(48, 30, 30), (104, 72, 66), (150, 112, 104)], shade), (which < 0.3) * 1.0)
    stone = _tones([(92, 88, 80), (150, 146, 134)], 0.4 * which + 0.6 * _unit(clouds(rng, SIDE, 40, 2, 0.8)))
    is_plant = (owner >= rocks) & (tufts + 0.25 * pile.height > 0.5)
    color = _over(ground, stone, ((owner > 0) & (owner < rocks)) * 1.0)
    below = np.where(owner > 0, np.minimum(pile.height, 0.4) + 0.1, 0.3 * low)
    height = np.where(is_plant, 0.25 + 0.75 * pile.height * tufts, below)
    return _over(color, plants, is_plant * 1.0), height.astype(np.float32), 15.0


def soil(rng: Rng) -> Made:
    """Crumbs, clods and a few small stones."""
    color, low = _earth(rng, [(62, 48, 34), (100, 80, 58), (136, 114, 86)])
    clods = cells(rng, SIDE, 22, 8 * clouds(rng, SIDE, 60, 8), 8 * clouds(rng, SIDE, 60, 8))
    height = 0.5 * low + 0.35 * np.minimum(clods.edge * 1.4, 0.6) * (0.5 + _pick(rng, clods.owner, clods.count))
    pile = Pile(SIDE)
    stones(rng, pile, (2.5 + 7 * rng.random(150) ** 3).astype(np.float32), low=0.2, high=0.6)
    seen = (pile.owner > 0) & (pile.height > 0.8 * height)
    stone = _tones([(96, 88, 76), (156, 148, 134)], _pick(rng, pile.owner, pile.count))
    return _over(color, stone, seen * 1.0), np.where(seen, 0.15 + pile.height, height).astype(np.float32), 11.0


def _ripples(rng: Rng, waves: int) -> F32:
    """Of the wind: long crests that fork."""
    at = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)[0] / SIDE
    bent = 2 * np.pi * waves * at + 2.2 * clouds(rng, SIDE, 200, 60, 1.2)
    out: F32 = (0.5 + 0.5 * np.sin(bent + 0.55 * np.sin(bent))) * _unit(clouds(rng, SIDE, 260, 70, 1.0), 1.5)
    return out


def sand(rng: Rng) -> Made:
    """Grains, faint ripples, a few shells and stems."""
    grain = clouds(rng, SIDE, 3.5, 0.8, 0.0)
    drift = _unit(clouds(rng, SIDE, 220, 30, 1.6))
    ripple = _ripples(rng, 15)
    height = 0.42 * drift + 0.34 * ripple + 0.05 * grain + 0.05 * clouds(rng, SIDE, 24, 4, 0.8)
    tone = np.clip(0.5 + 0.13 * grain + 0.22 * (ripple - 0.4) + 0.2 * (drift - 0.5), 0, 1)
    color = _tones([(150, 128, 92), (202, 182, 142), (226, 210, 172), (244, 232, 202)], tone)
    dark = clouds(rng, SIDE, 2.5, 0.7, 0.0) > 2.3
    color[dark] *= 0.62
    pile = Pile(SIDE)
    stones(rng, pile, (1.6 + 3.5 * rng.random(60) ** 2).astype(np.float32), low=0.2, high=0.6)
    seen = pile.owner > 0
    shell = _tones([(140, 128, 112), (206, 198, 184), (248, 240, 226)], _pick(rng, pile.owner, pile.count))
    return _over(color, shell, seen * 1.0), np.clip(height + seen * 0.25 * pile.height, 0, 1).astype(np.float32), 7.0


def wet_sand(rng: Rng) -> Made:
    """Flat, dark, with grains and what the water left."""
    grain = clouds(rng, SIDE, 4, 0.8, 0.0)
    swash = _unit(clouds(rng, SIDE, 240, 40, 1.6))
    height = 0.6 * swash + 0.03 * grain
    tone = np.clip(0.5 + 0.1 * grain + 0.3 * (swash - 0.5), 0, 1)
    color = _tones([(104, 88, 64), (150, 130, 98), (178, 158, 124)], tone)
    pile = Pile(SIDE)
    stones(rng, pile, (1.6 + 6 * rng.random(70) ** 3).astype(np.float32), low=0.2, high=0.7)
    seen = pile.owner > 0
    shell = _tones([(70, 64, 58), (120, 112, 102), (206, 198, 184)], _pick(rng, pile.owner, pile.count))
    return _over(color, shell, seen * 1.0), np.clip(height + seen * 0.4 * pile.height, 0, 1).astype(np.float32), 3.5


def _shingle(rng: Rng, radii: F32, colors: list[Color], between: list[Color], depth: float, round_: float) -> Made:
    ground, low = _earth(rng, between)
    pile = Pile(SIDE)
    for some in np.array_split(np.sort(radii), 6):  # each patch is as large as the largest of its group
        stones(rng, pile, some, low=0.05, high=0.95, flat=0.6, round_=round_, largest=float(radii.max()))
    owner = pile.owner
    grain = clouds(rng, SIDE, 26, 1.2, 0.7)
    tone = np.clip(_pick(rng, owner, pile.count) * 0.9 + 0.05 + 0.07 * grain, 0, 1)
    stone = _tones(colors, tone) * (1 + 0.08 * clouds(rng, SIDE, 6, 1, 0.3))[..., None]
    seen = owner > 0
    height = np.where(seen, 0.2 + 0.8 * pile.height + 0.012 * grain, 0.2 * low)
    return _over(ground, stone, seen * 1.0), np.clip(height, 0, 1).astype(np.float32), depth


def gravel(rng: Rng) -> Made:
    """Broken stone of one to four centimetres, grit between."""
    radii = (2.2 + 7.5 * rng.random(3400) ** 2.2).astype(np.float32)
    return _shingle(rng, radii, [(84, 80, 74), (118, 112, 104), (146, 140, 130), (176, 168, 154)],
                    [(70, 64, 56), (118, 110, 98)], 11.0, 3.2)  # fmt: skip


def pebbles(rng: Rng) -> Made:
    """Round stones that water rolled, up to a fist."""
    radii = (5 + 20 * rng.random(1100) ** 2.0).astype(np.float32)
    return _shingle(rng, radii, [(66, 66, 66), (104, 102, 98), (134, 126, 114), (158, 146, 132), (190, 186, 178)],
                    [(66, 58, 48), (112, 102, 88)], 20.0, 2.2)  # fmt: skip


def _cracks(rng: Rng, across: int, wide: float, squash: float = 1.0) -> tuple[F32, Cells]:
    dx, dy = (18 * clouds(rng, SIDE, 160, 12, 1.2) for _ in range(2))
    found = cells(rng, SIDE, across, dx, dy, squash)
    return np.clip(found.edge / wide, 0.0, 1.0), found


def rock(rng: Rng) -> Made:
    """Weathered bedrock: slabs that broke along cracks, lichen on them."""
    seams, slabs = _cracks(rng, 5, 0.07)
    fine, chips = _cracks(rng, 13, 0.12)
    rough = clouds(rng, SIDE, 130, 1.6, 1.25)
    pits = np.clip(-clouds(rng, SIDE, 14, 3, 0.6) - 1.0, 0, 1)
    slab, chip = _pick(rng, slabs.owner, slabs.count) - 0.5, _pick(rng, chips.owner, chips.count) - 0.5
    height = np.clip(0.42 + 0.26 * slab + 0.1 * chip + 0.07 * rough - 0.08 * pits, 0, 1)
    height *= (0.35 + 0.65 * seams**0.5) * (0.8 + 0.2 * fine)
    tone = np.clip(0.5 + 0.11 * rough + 0.26 * slab + 0.1 * chip - 0.2 * pits, 0, 1)
    color = _tones([(70, 65, 60), (110, 103, 96), (142, 134, 123), (172, 163, 150)], tone)
    color *= (0.55 + 0.45 * seams**0.4)[..., None] * (0.86 + 0.14 * fine)[..., None]
    lichen = np.clip((clouds(rng, SIDE, 60, 5, 1.1) - 1.15) * 3, 0, 1) * np.clip(height * 2, 0, 1)
    moss_of_stone = _tones([(122, 124, 92), (172, 170, 138)], _unit(clouds(rng, SIDE, 8, 1.5, 0.3)))
    color = _over(color, moss_of_stone, 0.75 * lichen)
    return color, height.astype(np.float32), 26.0


def _strata(rng: Rng, colors: list[Color]) -> Made:
    """Beds on edge: steps that jut out, joints across them."""
    bend = 10 * clouds(rng, SIDE, 260, 30, 1.6)
    at = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)[0]
    bounds = np.sort(rng.permutation(64)[:15]) * (SIDE / 64)
    place = (at + bend) % SIDE
    bed = np.searchsorted(bounds, place.ravel()).reshape(SIDE, SIDE) % len(bounds)
    starts, ends = np.roll(bounds, 1), bounds
    thick = (ends - starts) % SIDE
    t = ((place - starts[bed]) % SIDE) / thick[bed]
    out, tint = rng.random(len(bounds)).astype(np.float32), rng.random(len(bounds)).astype(np.float32)
    joints, blocks = _cracks(rng, 9, 0.1, 0.6)
    rough = clouds(rng, SIDE, 110, 1.6, 1.2)
    lip = np.clip(t * 6, 0, 1) * np.clip((1 - t) * 10, 0, 1)
    block = _pick(rng, blocks.owner, blocks.count)
    height = 0.25 + 0.38 * out[bed] * lip + 0.12 * block + 0.09 * rough
    height = np.clip(height, 0, 1) * (0.7 + 0.3 * joints)
    tone = np.clip(0.5 + 0.5 * (tint[bed] - 0.5) + 0.14 * rough + 0.1 * (block - 0.5), 0, 1)
    color = _tones(colors, tone) * ((0.6 + 0.4 * joints**0.5) * (0.62 + 0.38 * np.clip(t * 8, 0, 1)))[..., None]
    streak = np.clip(blurred(clouds(rng, SIDE, 40, 2, 0.4), 1.0), -2, 2)
    return color * (1 + 0.05 * streak)[..., None], height.astype(np.float32), 30.0


def cliff(rng: Rng) -> Made:
    """Grey beds of a cliff."""
    return _strata(rng, [(64, 60, 56), (98, 92, 84), (128, 120, 110), (160, 150, 136)])


def red_rock(rng: Rng) -> Made:
    """Red beds of a desert."""
    return _strata(rng, [(96, 48, 34), (140, 78, 52), (172, 106, 74), (206, 148, 110)])


def scree(rng: Rng) -> Made:
    """Sharp blocks of all sizes."""
    radii = (3 + 30 * rng.random(1700) ** 3.2).astype(np.float32)
    return _shingle(rng, radii, [(92, 88, 82), (126, 120, 112), (150, 143, 132), (176, 168, 156)],
                    [(78, 72, 64), (126, 118, 106)], 22.0, 3.6)  # fmt: skip


def snow(rng: Rng) -> Made:
    """Old wind-packed snow."""
    drift, sparkle = clouds(rng, SIDE, 240, 24, 1.5), clouds(rng, SIDE, 3, 0.7, 0.0)
    ridges = _ripples(rng, 6)
    height = np.clip(0.4 + 0.14 * drift + 0.22 * ridges + 0.02 * sparkle + 0.03 * clouds(rng, SIDE, 16, 3, 0.6), 0, 1)
    tone = np.clip(0.55 + 0.14 * drift + 0.05 * sparkle + 0.25 * (ridges - 0.4), 0, 1)
    return _tones([(206, 218, 236), (236, 241, 249), (252, 253, 255)], tone), height.astype(np.float32), 4.0


def mud(rng: Rng) -> Made:
    """Soft and wet, some stones and stems in it."""
    soft = _unit(clouds(rng, SIDE, 130, 14, 1.5), 1.8)
    height = 0.75 * soft + 0.04 * clouds(rng, SIDE, 16, 2, 0.7)
    tone = np.clip(0.25 + 0.5 * soft + 0.06 * clouds(rng, SIDE, 9, 1, 0.3), 0, 1)
    color = _tones([(54, 44, 32), (84, 70, 52), (112, 96, 74)], tone)
    pile = Pile(SIDE)
    stones(rng, pile, (2 + 7 * rng.random(90) ** 3).astype(np.float32), low=0.2, high=0.7)
    blades(rng, pile, 120, (20, 60), 1.0, low=0.3, high=0.7)
    seen = (pile.owner > 0) & (pile.height > 0.8 * height)
    things = _tones([(72, 62, 48), (118, 106, 88), (146, 136, 112)], _pick(rng, pile.owner, pile.count))
    height = np.where(seen, 0.2 + 0.8 * pile.height, height).astype(np.float32)
    return _over(color, things, seen * 1.0), height, 9.0


def asphalt(rng: Rng) -> Made:
    """Grit in tar, worn and mended."""
    radii = (1.4 + 2.4 * rng.random(9000)).astype(np.float32)
    color, height, _ = _shingle(rng, radii, [(58, 58, 60), (80, 80, 82), (104, 103, 102)],
                                [(44, 44, 46), (60, 60, 62)], 1.0, 2.6)  # fmt: skip
    seams, _ = _cracks(rng, 4, 0.012)
    worn = _unit(clouds(rng, SIDE, 240, 50, 1.2))
    color = color * ((0.8 + 0.35 * worn) * (0.6 + 0.4 * seams))[..., None]
    return color, np.clip(height * seams, 0, 1).astype(np.float32), 3.5


_MAKERS: dict[str, Callable[[Rng], Made]] = {
    maker.__name__: maker for maker in (grass, dry_grass, moss, heath, soil, sand, wet_sand, gravel, pebbles, rock,
                                        cliff, scree, snow, mud, red_rock, asphalt)}  # fmt: skip


def linear(srgb: F32) -> F32:
    """Light of sRGB 0 to 1."""
    out: F32 = np.where(srgb <= 0.04045, srgb / 12.92, ((np.maximum(srgb, 0.0) + 0.055) / 1.055) ** 2.4)
    return out


def _srgb(light: F32) -> F32:
    out: F32 = np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055)
    return out


def layer(number: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """(SIDE, SIDE, 3) sRGB colour, its mean that of MEANS; and normal x, z (0.5 = upright) with height."""
    name = KINDS[number].name
    color, height, texels_high = _MAKERS[name](np.random.default_rng([20_26, number]))
    # What lies deep gets less light from the sky: far cheaper here than in a shader.
    deep = sum((blurred(height, reach) - height) * weight for reach, weight in ((2.0, 1.4), (6.0, 1.1), (16.0, 0.7)))
    light = linear(color) * np.clip(1.0 - 1.5 * np.maximum(deep, 0) + 0.4 * np.maximum(-deep, 0), 0.2, 1.35)[..., None]
    mean = linear(np.array(MEANS[name], np.float32) / 255)
    for _ in range(3):  # clipping moves the mean a little
        light = np.clip(light * (mean / light.mean(axis=(0, 1))), 0.0, 1.0)
    relief = height * texels_high
    east, south = ((np.roll(relief, -1, axis) - np.roll(relief, 1, axis)) / 2 for axis in (1, 0))
    normal = np.stack([-east, -south, np.ones_like(relief)], axis=-1)
    normal /= np.sqrt((normal * normal).sum(axis=-1, keepdims=True))
    span = height - height.min()
    bumps = np.dstack([normal[..., :2] * 0.5 + 0.5, span / max(float(span.max()), 1e-6)])
    seen, felt = (np.clip(sheet * 255 + 0.5, 0, 255).astype(np.uint8) for sheet in (_srgb(light), bumps))
    return seen, felt


@functools.cache
def pictures(qualities: tuple[int, int] = (84, 76)) -> tuple[bytes, bytes]:
    """Two JPEGs of GRID x GRID layers, row by row: colours, and normals with heights."""
    sheets = [np.zeros((GRID * SIDE, GRID * SIDE, 3), np.uint8) for _ in range(2)]
    for number in range(len(KINDS)):
        row, column = divmod(number, GRID)
        for sheet, made in zip(sheets, layer(number), strict=True):
            sheet[row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE] = made
    files = []
    for sheet, quality in zip(sheets, qualities, strict=True):
        stream = io.BytesIO()
        Image.fromarray(sheet).save(stream, "JPEG", quality=quality, subsampling=0 if sheet is sheets[1] else 2)
        files.append(stream.getvalue())
    return files[0], files[1]
