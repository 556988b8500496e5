"""Every sound of the game, made from numbers."""

from __future__ import annotations

from functools import cache

import numpy as np

import layerw as lw

RATE = 48_000
SCALE = (0, 2, 4, 7, 9)  # pentatonic: whatever follows what, it sounds well


@cache
def tone(hz, seconds, *, decay=6.0, bright=0.3, attack=0.005):
    """One note, -1 to 1."""
    t = np.arange(int(seconds * RATE)) / RATE
    wave = np.sin(2 * np.pi * hz * t) + bright * np.sin(4 * np.pi * hz * t) + bright**2 * np.sin(6 * np.pi * hz * t)
    end = np.clip((seconds - t) / 0.02, 0, 1)
    return (wave * np.exp(-decay * t) * np.clip(t / attack, 0, 1) * end / (1 + bright)).astype(np.float32)


def note(step, octave=0):
    """Hertz of a step of the scale."""
    return 261.63 * 2 ** (octave + step // len(SCALE) + SCALE[step % len(SCALE)] / 12)


def laid(seconds, parts):
    """Parts ((when, samples), ...) one over the other."""
    line = np.zeros(int(seconds * RATE), np.float32)
    for when, part in parts:
        start = int(when * RATE)
        line[start : start + len(part)] += part[: len(line) - start]
    return line


def rustle(seconds, seed):
    """A paw in the grass, or in water."""
    noise = np.random.default_rng(seed).normal(0, 0.12, int(seconds * RATE))
    return np.convolve(noise, np.hanning(24) / 12, "same") * np.hanning(len(noise))


@cache
def effects() -> dict[str, lw.Sound]:
    """What is heard once, by name."""
    t = np.arange(int(0.22 * RATE)) / RATE
    sweep = np.sin(2 * np.pi * (260 * t + 700 * t * t)) * np.exp(-12 * t) * np.clip(t / 0.004, 0, 1)
    chime = laid(0.7, [(0.07 * n, 0.3 * tone(note(n + 2, 1), 0.5)) for n in range(3)])
    rumble = laid(1.2, [(0.08 * n, 0.4 * tone(62 + 5 * (n % 3), 0.2, decay=14, bright=0.8)) for n in range(12)])
    fanfare = laid(1.5, [(0.14 * n, 0.35 * tone(note(step, 1), 0.9, decay=3.0)) for n, step in enumerate((0, 2, 3, 5))])
    found = {"step": (rustle(0.09, 0), 30.0), "splash": (rustle(0.3, 5), 30.0), "leap": (0.25 * sweep, 100.0),
             "catch": (chime, 100.0), "gate": (rumble, 60.0), "done": (fanfare, 100.0)}  # fmt: skip
    return {name: lw.Sound.from_array(samples.astype(np.float32), RATE, range=metres)
            for name, (samples, metres) in found.items()}  # fmt: skip


@cache
def waves(seconds=6.0, seed=3) -> lw.Sound:
    """The sea, to loop: noise that swells."""
    count = int(seconds * RATE)
    noise = np.random.default_rng(seed).normal(0, 1, count)
    spectrum = np.fft.rfft(noise) / (1 + (np.fft.rfftfreq(count, 1 / RATE) / 350) ** 2)  # dull, and without a seam
    swell = 0.6 - 0.4 * np.cos(2 * np.pi * np.arange(count) / count)
    return lw.Sound.from_array((0.25 * swell * np.fft.irfft(spectrum, count)).astype(np.float32), RATE)


def music(seed) -> lw.Sound:
    """Sixteen quiet bars to loop: a walking bass, and notes of the scale above it."""
    rng = np.random.default_rng(seed)
    beat, bars = 0.5, 16
    parts, step = [], 4
    for bar in range(bars):
        root = (0, 3, 1, 4)[bar // 2 % 4]
        for place in (0, 2):
            low = tone(note(root, -2 + (place == 2)), 1.2, decay=2.0, bright=0.15, attack=0.02)
            parts.append((beat * (4 * bar + place), 0.16 * low))
        for place in np.flatnonzero(rng.random(8) < 0.45):
            step = int(np.clip(step + rng.integers(-2, 3), 0, 9))
            parts.append((beat * (4 * bar + place / 2), 0.09 * tone(note(step), 1.4, decay=2.6, attack=0.015)))
    return lw.Sound.from_array(laid(4 * beat * bars, parts), RATE)
