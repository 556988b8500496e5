"""Textures from numbers: bark, forest soil, leaves, fronds. All but the leaves repeat without a seam."""

from __future__ import annotations

import numpy as np

import layerw as lw

SIDE = 512


def noise(rng, wide=1.0, high=1.0, fall=1.7, side=SIDE):
    """(side, side), 0 to 1, repeating: more of what is coarse; wide, high: how far it is drawn out along an axis."""
    often = np.fft.fftfreq(side) * side
    far = np.hypot(often[None, :] * wide, often[:, None] * high)
    far[0, 0] = 1.0
    waves = np.fft.fft2(rng.normal(size=(side, side))) * far**-fall
    waves[0, 0] = 0.0
    field = np.fft.ifft2(waves).real
    low, top = np.quantile(field, (0.01, 0.99))
    return np.clip((field - low) / (top - low), 0.0, 1.0)


def between(colors, at):
    """(h, w, 3): colours (n, 3) blended by `at` (h, w), 0 to 1."""
    steps = np.linspace(0, 1, len(colors))
    return np.stack([np.interp(at, steps, np.array(colors)[:, c]) for c in range(3)], axis=-1)


def bumps(height, tilt):
    """A normal texture of a height field (h, w) that repeats; tilt: how steep, in pixels."""
    right = (np.roll(height, 1, 1) - np.roll(height, -1, 1)) * tilt
    up = (np.roll(height, -1, 0) - np.roll(height, 1, 0)) * tilt
    normal = np.stack((right, up, np.ones_like(height)), axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    return lw.Texture(normal * 0.5 + 0.5, srgb=False, wrap="repeat")


def bark(rng):
    """Ridges along the trunk."""
    ridges = np.abs(noise(rng, 0.25, 1.6) * 2 - 1) ** 0.7
    height = 0.75 * ridges + 0.25 * noise(rng, fall=1.1)
    moss = np.clip(noise(rng) * 3 - 1.7, 0, 1)[..., None]
    color = between([(0.1, 0.075, 0.06), (0.3, 0.235, 0.18), (0.46, 0.4, 0.33)], height)
    color = color * (1 - 0.6 * moss) + 0.6 * moss * np.array((0.2, 0.26, 0.08)) * (0.5 + height[..., None])
    return lw.Texture(color, wrap="repeat"), bumps(height, 5.0)


def soil(rng):
    """Needles and leaves on moss and earth."""
    patch, fine = noise(rng, fall=1.9), noise(rng, fall=0.9)
    color = between([(0.13, 0.1, 0.065), (0.25, 0.19, 0.12), (0.19, 0.22, 0.07), (0.14, 0.2, 0.05)], patch)
    color *= 0.55 + 0.8 * fine[..., None]
    height = 0.5 * fine
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    for u, v, turn, tint in zip(*rng.uniform(0, 1, (4, 1100)), strict=True):  # litter
        left, top = int(u * (SIDE - 24)), int(v * (SIDE - 24))
        near = (slice(top, top + 24), slice(left, left + 24))
        right, down = x[near] - left - 12.0, y[near] - top - 12.0
        c, s = np.cos(turn * 6.3), np.sin(turn * 6.3)
        along, across = right * c + down * s, down * c - right * s
        inside = (along / 6) ** 2 + (across / (0.7 if tint < 0.75 else 2.4)) ** 2 < 1
        color[near][inside] = np.array((0.33, 0.24, 0.13)) * (0.35 + 0.75 * tint)
        height[near][inside] += 0.35
    return lw.Texture(color, wrap="repeat"), bumps(height, 1.6)


def leaves(rng, count=34, side=256):
    """A spray of leaves, transparent between them."""
    y, x = np.mgrid[0:side, 0:side] / side
    picture = np.zeros((side, side, 4))
    picture[..., :3] = (0.2, 0.28, 0.08)
    for _ in range(count):
        out = rng.uniform(0.0, 0.36)
        turn = rng.uniform(0, 2 * np.pi)
        right, down = x - 0.5 - out * np.cos(turn), y - 0.5 - out * np.sin(turn)
        turn += rng.normal(0, 0.6)
        along = right * np.cos(turn) + down * np.sin(turn)
        across = down * np.cos(turn) - right * np.sin(turn)
        inside = np.abs(across) < 0.034 * np.clip(1 - (along / 0.1) ** 2, 0, 1) ** 0.8
        rib = 1 - 0.35 * (np.abs(across) < 0.004)
        shade = (0.65 + 0.5 * rng.uniform()) * rib * (0.85 + 1.5 * np.clip(along, 0, 0.1))
        picture[inside, :3] = (np.array((0.24, 0.36, 0.09)) * shade[..., None])[inside]
        picture[inside, 3] = 1.0
    return lw.Texture(np.clip(picture, 0, 1))


def frond(side=128):
    """A fern's frond, its foot at the left; leaflets on both sides of the rib."""
    y, x = np.mgrid[0:side, 0:side] / side
    off = np.abs(y - 0.5)
    reach = 0.46 * np.sin(np.pi * np.clip(x * 0.93 + 0.07, 0, 1)) ** 0.6 * (1 - 0.55 * x)
    phase = (x - off * 0.5) * 17 % 1.0
    leaflet = np.abs(phase - 0.5) < 0.36 * np.clip(1 - off / np.maximum(reach, 1e-3), 0, 1) ** 0.4
    inside = (off < reach) & leaflet | (off < 0.012)
    picture = np.empty((side, side, 4))
    picture[..., :3] = np.array((0.17, 0.3, 0.07)) * (0.6 + 0.7 * phase + 0.3 * x)[..., None]
    picture[..., 3] = inside & (x > 0.01)
    return lw.Texture(np.clip(picture, 0, 1))
