"""Walks the table of passes for each view and hands groups of passes to the executor.

The twin of web/backends/common/graph.js. Owns: the plans and the pool of target images, which views share: they are
drawn one after the other. What a frame did not use is freed at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from layerw.gpu.passes import FORMAT_BYTES, TARGETS
from layerw.hosts.native.plan import Plan, Step, plan_view
from layerw.hosts.native.records import CommandError, full_chain
from layerw.hosts.native.targets import Drawn, Image, Native, Natives

if TYPE_CHECKING:
    from layerw.hosts.native.passes import Executor
    from layerw.hosts.native.view import View

_OUTSIDE = {target.name for target in TARGETS if target.outside}
_OUTSIDE_BYTES = sum(FORMAT_BYTES[target.format] * target.images for target in TARGETS if target.outside)
_KEPT = {target.name: target for target in TARGETS if target.kept}
_SIZED = {target.name for target in TARGETS if target.sized}
_GROWING = next(target for target in TARGETS if target.grows)
_READ = tuple(target.name for target in TARGETS if target.read)
_HISTORY = {target.name: target for target in TARGETS if target.history}


@dataclass(slots=True, eq=False)
class _Pooled:
    native: Native
    used: bool = True


@dataclass(slots=True, eq=False)
class _History:
    """What a view keeps: this frame writes `next` and reads what the last one wrote."""

    last: Native
    next: Native
    used: bool = True


class Copy(NamedTuple):
    """A texel that a view is to give."""

    pick: int
    native: Native


class Graph:
    """The targets of one device."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor
        self.atlas = (0, 0)
        self.more_lines = 0  # below those that a growing target has of its own
        self.copies: list[Copy] = []
        self._plans: dict[tuple[int, int, bool], Plan] = {}
        self._pool: list[_Pooled] = []
        self._kept: dict[str, _Pooled] = {}
        self._histories: dict[tuple[int, str], _History] = {}
        self._touched: set[int] = set()  # numbers of images from outside that this frame has drawn into
        self._outside_bytes = 0

    @property
    def size_bytes(self) -> int:
        """Of all targets."""
        past = sum(2 * one.last.image.size_bytes for one in self._histories.values())
        return self._outside_bytes + past + sum(
            one.native.image.size_bytes for one in (*self._pool, *self._kept.values()))

    def resize(self, width: int, height: int) -> None:
        """The picture has another size: nothing fits any more."""
        for pooled in self._pool:
            self.executor.destroy_target(pooled.native)
        self._pool.clear()
        self.executor.resize(width, height)
        self._outside_bytes = _OUTSIDE_BYTES * width * height

    def resize_atlas(self, width: int, height: int) -> None:
        """What was drawn into it is lost; 0 x 0: there is none."""
        self._forget(_SIZED)
        self.atlas = (width, height)

    def grow(self, lines: int) -> None:
        """What was drawn into what grows is lost."""
        self._forget({_GROWING.name})
        self.more_lines = lines

    def _forget(self, names: set[str]) -> None:
        for name in names & self._kept.keys():
            self.executor.destroy_target(self._kept.pop(name).native)

    def write_lines(self, first_line: int, lines: int, data: memoryview) -> None:
        """Into what grows, below what does not."""
        if first_line + lines > self.more_lines:
            raise CommandError(f"Lines {first_line} to {first_line + lines - 1} of probes were written; there are "
                               f"{self.more_lines}.")
        native = self._kept_image(_GROWING.name)
        assert native is not None
        width, height = _GROWING.sides(0, 0)
        self.executor.write_lines(native, width, height + first_line, lines,
                                  data[: FORMAT_BYTES[_GROWING.format] * width * lines])

    def draw_frame(self, views: Sequence[View], *, seen: bool = True) -> int:
        """Draws the views in this order; gives how many draws that took. seen: whether somebody looks at the picture;
        else only what later frames build on is drawn."""
        for one in (*self._pool, *self._kept.values()):
            one.used = False
        for history in self._histories.values():
            history.used = False
        self._touched.clear()
        self.copies = []
        self.executor.begin_frame()
        draws, used = 0, set[int]()
        for view in views:
            plan = self._plan(view.flags, view.filled(), seen or view.texture is not None)
            images = self._claim(plan, view)
            used.update(map(id, images))
            draws += self._draw_view(view, plan, images)
            for name in plan.kept & self._kept.keys():
                self._kept[name].used = True
            if view.pick:
                self.copies += [Copy(view.pick, self.executor.copy_texel(images[plan.image_of[name]].native))
                                for name in _READ if name in plan.image_of]
            for pooled in images:
                pooled.used = False  # free for the next view
        self.executor.end_frame()
        self._end_frame(used)
        return draws

    def _end_frame(self, used: set[int]) -> None:
        for key, history in list(self._histories.items()):
            if history.used:
                history.last, history.next = history.next, history.last
            else:
                self.executor.destroy_target(history.last)
                self.executor.destroy_target(history.next)
                del self._histories[key]
        self._forget({name for name, one in self._kept.items() if not one.used} - _SIZED)
        for pooled in self._pool:
            if id(pooled) not in used:
                self.executor.destroy_target(pooled.native)
        self._pool = [pooled for pooled in self._pool if id(pooled) in used]

    def _plan(self, flags: int, filled: int, seen: bool) -> Plan:
        plan = self._plans.get((flags, filled, seen))
        if plan is None:
            plan = self._plans[flags, filled, seen] = plan_view(flags, filled, seen=seen)
        return plan

    def _claim(self, plan: Plan, view: View) -> list[_Pooled]:
        """An image for each of the plan's."""
        claimed = []
        for target in plan.images:
            width, height = view.sides_of(target)
            levels = full_chain(width, height) if target.mips else 1
            image = Image(target.format, target.samples, width, height, levels)
            pooled = next((one for one in self._pool if not one.used and one.native.image == image), None)
            if pooled is None:
                pooled = _Pooled(self.executor.create_target(image))
                self._pool.append(pooled)
            pooled.used = True
            claimed.append(pooled)
        return claimed

    def _history(self, name: str, view: View) -> _History:
        key, target = (view.index, name), _HISTORY[name]
        history = self._histories.get(key)
        image = Image(target.format, 1, *view.sides_of(target))
        if history is not None and history.last.image != image:
            self.executor.destroy_target(history.last)
            self.executor.destroy_target(history.next)
            history = None  # nothing of another size fits
        if history is None:
            history = _History(self.executor.create_target(image), self.executor.create_target(image))
            self._histories[key] = history
        history.used = True
        return history

    def _kept_image(self, name: str) -> Native | None:
        pooled = self._kept.get(name)
        if pooled is None:
            target = _KEPT[name]
            width, height = self.atlas if target.sized else target.sides(0, 0)
            height += self.more_lines if target.grows else 0
            if width == 0:
                return None
            image = Image(target.format, 1, width, height, copied=target.grows)
            pooled = self._kept[name] = _Pooled(self.executor.create_target(image))
        pooled.used = True
        return pooled.native

    def _draw_tiles(self, view: View, step: Step, reads: list[Drawn | None]) -> int:
        draws = 0
        for tile in view.tiles:
            self.executor.begin_tile(tile)
            draws += self.executor.draws(step.row, step.draw, tile.runs, reads, tile.matrix)
        return draws

    def _draw_view(self, view: View, plan: Plan, images: list[_Pooled]) -> int:
        written: set[str] = set()  # histories that this frame has drawn

        def read(name: str) -> Drawn | None:
            if name in _HISTORY:
                history = self._histories.get((view.index, name))
                return None if history is None else history.next if name in written else history.last
            if name in _KEPT:
                return self._kept_image(name)
            if name in _OUTSIDE:
                return self.executor.outside(name, view)
            return images[plan.image_of[name]].native if name in plan.image_of else None

        def drawn(name: str) -> Drawn | None:
            return None if not name else self._history(name, view).next if name in _HISTORY else read(name)

        return sum(self._draw_group(view, plan, number, read, drawn, written) for number in range(len(plan.groups)))

    def _draw_group(self, view: View, plan: Plan, number: int, read: Callable[[str], Drawn | None],
                    drawn: Callable[[str], Drawn | None], written: set[str]) -> int:  # fmt: skip
        group, executor, draws = plan.groups[number], self.executor, 0
        natives = Natives([drawn(name) for name in group.colors], drawn(group.depth),
                          [drawn(name) for name in group.resolves])
        row = group.steps[0].row
        if row.kind == "resolve":
            executor.resolve_depth(read(group.steps[0].reads[0]), natives.depth)
            return 0
        if row.kind == "mips":
            executor.mips(natives.colors[0])
            return 0
        clears = [first and native is not None and native.number not in self._touched
                  for first, native in zip(group.clears_colors, natives.colors, strict=True)]
        executor.begin_group(view, group, natives, clears)
        for step in group.steps:
            reads = [read(name) for name in step.reads]
            if step.list < 0:
                draws += executor.fullscreen(step.row, reads)
            elif step.row.tiled:
                draws += self._draw_tiles(view, step, reads)
            else:
                draws += executor.draws(step.row, step.draw, view.runs[step.list], reads, 0)
        executor.end_group()
        for name, native in zip(group.colors, natives.colors, strict=True):
            if name in _HISTORY:
                written.add(name)
            if name in _OUTSIDE and native is not None:
                self._touched.add(native.number)
        return draws
