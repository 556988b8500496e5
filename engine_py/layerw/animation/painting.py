"""What clips do to materials (KHR_animation_pointer): sampled in numpy, as there are few.

Owns: nothing. Limits: a material belongs to all models of its file; the play that began last has its way, whatever it
weighs.
"""

from __future__ import annotations

from copy import copy

import numpy as np

from layerw.animation.plays import Plays
from layerw.animation.rig import PAINTED
from layerw.base.ports import F32, TrackDesc
from layerw.gpu.store import Store

_STEP, _SPLINE = 1, 2


def paint(plays: Plays, store: Store) -> None:
    """Writes what plays now into the materials."""
    for row in np.argsort(plays.rows["ticket"], kind="stable").tolist():
        owner, clip = plays.owner[row], plays.clip[row]
        if owner is None or clip is None:
            continue
        for track in owner.rig.painted.get(clip.name, ()):
            value = sampled(track, float(plays.rows[row]["time"]))
            for material in owner.materials.get(track.node, ()):
                record = store.materials.get(material)
                if record is None:
                    continue
                desc = copy(record.desc)
                setattr(desc, track.path.removeprefix(PAINTED), tuple(value) if track.width > 1 else value[0])
                store.write_material(material, desc)


def sampled(track: TrackDesc, time_s: float) -> list[float]:
    """A track's numbers at a time (glTF 2.0, appendix C)."""
    times = track.times
    values: F32 = track.values.reshape(len(times), 3 if track.mode == _SPLINE else 1, track.width)
    keys = values[:, 1] if track.mode == _SPLINE else values[:, 0]
    after = int(np.searchsorted(times, time_s, side="right"))
    if after == 0 or after == len(times):
        found = keys[min(after, len(times) - 1)]
    else:
        before, length = after - 1, float(times[after] - times[after - 1])
        t = (time_s - float(times[before])) / length
        if track.mode == _STEP:
            found = keys[before]
        elif track.mode == _SPLINE:
            found = ((2 * t**3 - 3 * t**2 + 1) * keys[before] + length * (t**3 - 2 * t**2 + t) * values[before, 2]
                     + (3 * t**2 - 2 * t**3) * keys[after] + length * (t**3 - t**2) * values[after, 0])
        else:
            found = (1 - t) * keys[before] + t * keys[after]
    return [max(float(value), 0.0) for value in found]
