"""A keyboard to play: the keys A to K and W to U sound, Z and X shift by an octave, Space starts the drums.

No file is loaded: every sound is made here from numbers, and is heard from where its key stands.
"""

import itertools

import numpy as np

import layerw as lw

RATE = 48_000
KEYS = "AWSEDFTGYHUJK"  # as a piano's, from C
BLACK = {1, 3, 6, 8, 10}

app = lw.App("Synth")
app.camera.position = (0.0, 5.0, 7.0)
app.camera.look_at((0.0, 0.0, 0.0))
app.spawn(lw.Mesh.plane(40, 40), lw.Material(color="#39424e", roughness=0.9))


def seconds(length):
    return np.arange(int(length * RATE)) / RATE


def pluck(hertz, length=1.6):
    """A string that is plucked: overtones, of which the higher ones fade first."""
    t = seconds(length)
    tones = [np.sin(2 * np.pi * hertz * n * t) / n * np.exp(-t * (2.0 + 1.2 * n)) for n in range(1, 9)]
    return 0.35 * np.sum(tones, axis=0) * np.minimum(t / 0.004, 1.0)


def kick():
    t = seconds(0.35)
    return 0.9 * np.sin(2 * np.pi * (50 * t + 9 * (1 - np.exp(-t * 28)))) * np.exp(-t * 11)


def hat():
    t = seconds(0.12)
    noise = np.random.default_rng(1).normal(size=len(t))
    return 0.12 * np.diff(noise, prepend=0.0) * np.exp(-t * 45)


note = lw.Sound.from_array(pluck(261.63), RATE, reference=8.0)
kick_sound, hat_sound = lw.Sound.from_array(kick(), RATE), lw.Sound.from_array(hat(), RATE)
drums = app.buses.add("drums", into="sfx")

ivory, ebony = lw.Material(color="ivory", roughness=0.3), lw.Material(color="#202020", roughness=0.3)
keys = []
for index, _ in enumerate(KEYS):
    is_black = index in BLACK
    across = (index - 6) * 0.62
    keys.append(app.spawn(lw.Mesh.box(0.5, 0.3, 1.4 if is_black else 2.2), ebony if is_black else ivory,
                          position=(across, 0.45 if is_black else 0.2, -0.4 if is_black else 0.0)))  # fmt: skip
rest = [key.position[1] for key in keys]
octave, beat, plays = 0, 0, False


def strike(index):
    note.play(at=keys[index], rate=2.0 ** (index / 12 + octave))
    keys[index].position[1] = rest[index] - 0.15


@app.every(60 / 108 / 2)
def drum():
    global beat
    if plays:
        (kick_sound if beat % 4 == 0 else hat_sound).play(bus="drums")
        beat += 1


@app.frame
def update(dt):
    global octave, plays
    for index, letter in enumerate(KEYS):
        if app.input.pressed(f"Key{letter}"):
            strike(index)
        keys[index].position[1] += (rest[index] - keys[index].position[1]) * min(8 * dt, 1)
    if app.input.clicked():
        hit = app.pick()
        if hit and hit.entity in keys:
            strike(keys.index(hit.entity))
    octave += int(app.input.pressed("KeyX")) - int(app.input.pressed("KeyZ"))
    octave = min(max(octave, -2), 2)
    if app.input.pressed("Space"):
        plays = not plays


if app.host.options().get("clock") == "virtual":  # `layerw shot --audio` plays by itself

    tune = itertools.cycle((0, 4, 7, 12, 7, 4))

    @app.every(0.25)
    def demo():
        strike(next(tune))
