"""Which passes of the table draw a view, in which groups, and which images their targets share.

The twin of web/backends/common/plan.js; what runs and what is shared says gpu/target_bytes.py. Neighbours that
draw into the same targets are one group; a resolve of colour belongs to the group before it; levels (mips) are a group
of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from layerw.gpu.passes import DRAW_PASSES, DRAW_ROWS, PASSES, TARGETS, Pass, Target, flag
from layerw.gpu.target_bytes import live_passes, place_images, targets_used

_BY_NAME = {row.name: row for row in PASSES}
_KEPT = frozenset(target.name for target in TARGETS if target.kept)


class Step(NamedTuple):
    """A pass in a group. reads: with those targets in place of which others stand. list: whose draws, draw: which draw
    pass; -1 = neither."""

    row: Pass
    reads: tuple[str, ...]
    list: int
    draw: int


@dataclass(slots=True, eq=False)
class Group:
    """Steps that draw into the same targets: one render pass of the API. resolves: by colour, the target that it is
    resolved into, or "". keeps: somebody reads it or draws into it later."""

    colors: tuple[str, ...]
    depth: str
    clears_colors: list[bool]
    clears_depth: bool
    steps: list[Step]
    resolves: list[str] = field(default_factory=list)
    keeps_colors: list[bool] = field(default_factory=list)
    keeps_depth: bool = False


class Plan(NamedTuple):
    """images: one target stands for each; image_of: which of them a target has; kept: those of all views that its
    passes use, whether somebody looks or not."""

    groups: list[Group]
    images: list[Target]
    image_of: dict[str, int]
    kept: frozenset[str]


def plan_view(flags: int, filled: int, *, seen: bool = True) -> Plan:
    """Of a view with these flags; filled: a bit for each list that draws something; seen: see live_passes."""
    drawn = live_passes(flags, PASSES, TARGETS, lambda row: row.kind == "draws" and not filled >> _list_of(row) & 1,
                        seen=seen)
    # Images are those of a view that draws everything: a list that empties for a frame frees nothing.
    whole = live_passes(flags, PASSES, TARGETS)
    images, image_of = place_images(whole, TARGETS, upscaled=bool(flags & flag("upscaled")))
    return Plan(_groups_of(drawn), images, image_of, _KEPT & {name for row in whole for name in targets_used(row)})


def _list_of(row: Pass) -> int:
    return DRAW_PASSES.index(row.draws or row.name) if row.kind == "draws" else -1


def _groups_of(rows: list[Pass]) -> list[Group]:
    groups: list[Group] = []
    touched: set[str] = set()
    for row in rows:
        last = groups[-1] if groups else None
        if row.kind == "resolve" and row.colors and last is not None:
            last.resolves[last.colors.index(row.targets_read[0])] = row.colors[0]
            continue
        draw = DRAW_ROWS.index(row.name) if row.kind == "draws" else -1
        step = Step(_BY_NAME[row.name], row.targets_read, _list_of(row), draw)
        if last is not None and row.kind != "mips" and (last.colors, last.depth) == (row.colors, row.depth) and not any(
                last.resolves):
            last.steps.append(step)
        else:
            clears = [name not in touched and name not in _KEPT for name in row.colors]
            groups.append(Group(row.colors, row.depth, clears, row.depth not in touched and row.depth not in _KEPT,
                                [step], [""] * len(row.colors)))
        touched.update((*row.colors, row.depth))
    for at, group in enumerate(groups):
        later = {name for other in groups[at + 1 :] for step in other.steps for name in _uses(step, other)}
        group.keeps_colors = [name in later or not into
                              for name, into in zip(group.colors, group.resolves, strict=True)]
        group.keeps_depth = group.depth in later or group.depth in _KEPT
    return groups


def _uses(step: Step, group: Group) -> set[str]:
    return {*step.reads, *group.colors, group.depth, *targets_used(step.row)}
