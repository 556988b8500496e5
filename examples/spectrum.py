"""Music that is made and seen: a live sound of 48,000 numbers a second, its spectrum by FFT as a ring of light.

A click or a key lets the browser play it.
"""

import math

import numpy as np

import layerw as lw

BARS, RATE = 96, 48_000
NOTES = np.array((0, 3, 7, 10, 12, 15, 19, 22))
app = lw.App(title="Spectrum")
app.sky.zenith = app.sky.horizon = app.sky.ground = (0.003, 0.003, 0.008)
app.sun.intensity, app.fog.density, app.clouds.cover, app.view.bloom = 0.25, 0.0, 0.0, 0.12
app.spawn(lw.Mesh.plane(60, 60), lw.Material(color="#0c0d12", roughness=0.25, metallic=0.4), static=True)
turn = np.linspace(0, math.tau, BARS, endpoint=False)
bars = app.spawn_many(lw.Mesh.box(0.28, 1.0, 0.28), BARS, lw.Material(unlit=True))
bars.rotation = lw.turned(y=turn)
bands = np.geomspace(50, 9000, BARS + 1)
shown = np.zeros(BARS)


def wave(first, count):
    """A bass, chords and a beat, from their own number of samples on."""
    t = (first + np.arange(count)) / RATE
    beat, step = t % 0.5, (4 * t).astype(int)
    root = 55.0 * 2.0 ** (np.array((0, 0, -4, -2))[(t / 4).astype(int) % 4] / 12)
    lead = 4 * root * 2.0 ** (NOTES[(step * 5) % 8] / 12)
    sound = 0.35 * np.sin(math.tau * root * t) + 0.5 * np.exp(-18 * beat) * np.sin(math.tau * 50 * beat)
    sound += 0.16 * np.exp(-5 * (4 * t % 1)) * np.sign(np.sin(math.tau * lead * t))
    return 0.5 * np.tanh(sound)


made = 0


def play(samples):
    global made
    samples[:] = wave(made, len(samples))
    made += len(samples)


lw.Sound.live(play).play()


@app.frame
def update(dt):
    now = wave(int(app.time_s * RATE), 4096) * np.hanning(4096)
    power = np.abs(np.fft.rfft(now)) ** 0.6
    at = np.fft.rfftfreq(4096, 1 / RATE)
    heard = np.interp(np.sqrt(bands[1:] * bands[:-1]), at, power)
    shown[:] = np.maximum(heard, shown - 9 * shown * min(dt, 0.1))
    heights = 0.1 + 1.1 * np.log1p(shown)
    bars.position = np.stack([7 * np.sin(turn), heights / 2, 7 * np.cos(turn)], axis=1)
    bars.scale = np.stack([0 * turn + 1, heights, 0 * turn + 1], axis=1)
    warm = np.clip(heights / 4, 0, 1)[:, None]
    bars.color = warm * (1.0, 0.35, 0.2) + (1 - warm) * (0.1, 0.35, 1.0)
    app.camera.position = (15 * math.sin(0.12 * app.time_s), 7.5, 15 * math.cos(0.12 * app.time_s))
    app.camera.look_at((0, 1, 0))
