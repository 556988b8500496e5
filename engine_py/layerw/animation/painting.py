"""What clips do but move nodes (KHR_animation_pointer): materials, transforms of textures, lights, cameras, and what is
shown. Sampled in numpy, as there are few.

Owns: nothing. Limits: a material belongs to all models of its file; the play that began last has its way, whatever it
weighs.
"""

from __future__ import annotations

from copy import copy

import numpy as np

from layerw.animation.plays import Plays
from layerw.animation.stages import Stage
from layerw.base.mathx import uv_matrix
from layerw.base.ports import F32, MaterialDesc, TrackDesc
from layerw.gpu.store import Store

_STEP, _SPLINE = 1, 2
_PARTS = {"offset": slice(0, 2), "rotation": slice(2, 3), "scale": slice(3, 5)}  # of TrackDesc.rest
_SIGNED = frozenset({"normal_scale", "clearcoat_normal_scale", "anisotropy_rotation"})  # other numbers are 0 or more


def paint(plays: Plays, store: Store) -> None:
    """Writes what plays now."""
    for row in np.argsort(plays.rows["ticket"], kind="stable").tolist():
        owner, clip = plays.owner[row], plays.clip[row]
        if owner is None or clip is None:
            continue
        looks: dict[int, list[tuple[TrackDesc, list[float]]]] = {}
        for track in owner.rig.painted.get(clip.name, ()):
            values = sampled(track, float(plays.rows[row]["time"]))
            if track.kind in ("material", "texture"):
                looks.setdefault(track.node, []).append((track, values))
            elif owner.stage is not None:
                _set(owner.stage, track, values)
        for number, changes in looks.items():
            for material in owner.materials.get(number, ()):
                record = store.materials.get(material)
                if record is not None:
                    store.write_material(material, _painted(record.desc, changes))


def _set(stage: Stage, track: TrackDesc, values: list[float]) -> None:
    if track.kind == "shown":
        stage.show(track.node, values[0] != 0)
    elif track.kind == "light":
        stage.shine(track.node, track.path, [max(value, 0.0) for value in values])
    else:
        stage.see(track.node, track.path, values[0])


def _painted(before: MaterialDesc, changes: list[tuple[TrackDesc, list[float]]]) -> MaterialDesc:
    """The same with other numbers."""
    desc, moved = copy(before), dict[str, list[float]]()
    for track, values in changes:
        if track.kind == "texture":
            slot, part = track.path.split()
            moved.setdefault(slot, list(track.rest))[_PARTS[part]] = values
        else:
            fit = [value if track.path in _SIGNED else max(value, 0.0) for value in values]
            setattr(desc, track.path, tuple(fit) if track.width > 1 else fit[0])
    if moved:
        desc.uv_transforms = desc.uv_transforms | {slot: uv_matrix(*parts) for slot, parts in moved.items()}
    return desc


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
    return [float(value) for value in found]
