"""A graph of animations: states with clips, parameters that mix and change them, layers over each other.

Owns: what programs say to it, the parameters, and the plays that the kernel blends, for all its models in one go.
Does not: change states (graph_layer.py), blend poses (animator.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from layerw.animation.animator import Animator
from layerw.animation.character import Character
from layerw.animation.conditions import Now
from layerw.animation.events import NAME_MAX, NO_EVENTS, Mark
from layerw.animation.graph_arguments import Actor, clip_of, mixture, node_of, parameters_of, rig_of
from layerw.animation.graph_layer import ANY, FAR, GraphLayer, Transition
from layerw.animation.playing import LAYERS_MAX, names_of, shares_of
from layerw.animation.reaching import Look, Reach
from layerw.animation.rig import SPEED_MAX
from layerw.animation.root_motion import RootMotion
from layerw.base import checks
from layerw.base.errors import ConfigError, HandleError, KeyMissing, ShapeError
from layerw.base.failures import Failures
from layerw.base.names import named
from layerw.base.ports import F32
from layerw.scene.table import Table


@named
class AnimationGraph:
    """What `app.animator(model, speed=0.0)` gives: states, transitions and layers that play a model's clips.

    `graph["speed"] = 2.0` writes a parameter. With several models of one file all columns have a row for each:
    `graph["speed"][:]` is a (n,) view, `graph["speed"] = speeds` writes all of it.
    """

    __slots__ = ("__weakref__", "_alike", "_animator", "_by_distance", "_characters", "_events", "_failures",
                 "_is_open", "_layers", "_limbs", "_marks", "_members", "_models", "_parameters", "_rig",
                 "_root")  # fmt: skip

    def __init__(self, animator: Animator, failures: Failures, models: Sequence[Actor],
                 parameters: Mapping[str, float | bool]) -> None:  # fmt: skip
        self._animator, self._failures, self._models = animator, failures, list(models)
        self._rig = rig_of(models, animator.blending.moved)
        checked: dict[str, float | bool] = {}
        for name, value in parameters.items():
            if name in Now.OWN:
                raise ConfigError(f"app.animator {name}: transitions know the state's own as now.{name}; a parameter "
                                  f"has another name.")
            is_flag = isinstance(value, bool | np.bool_)
            checked[name] = bool(value) if is_flag else checks.number(f"app.animator {name}", value, -FAR, FAR)
        self._parameters = animator.blending.parameters.take(self._rig, checked, len(models))
        self._layers = [GraphLayer("base", len(models), None, failures, additive=False)]
        self._characters: list[Character | None] = []
        self._by_distance = self._is_open = True
        self._alike: object = None  # `_likeness`, once it is known
        self._members: npt.NDArray[np.intp] = np.zeros(0, np.intp)  # which of the models are moved now
        self._marks: list[Mark] = []
        self._events = NO_EVENTS
        self._root: RootMotion | None = None
        self._limbs: list[Reach | Look] = []
        animator.add_graph(self)

    def __len__(self) -> int:
        return len(self._models)

    def __repr__(self) -> str:
        layers = ", ".join(f"{layer.name}: {len(layer.states)} states" for layer in self._layers)
        return f"<AnimationGraph of {len(self)} models; {layers if self._is_open else 'closed'}>"

    # -- parameters -------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """A parameter: a (n,) view, float32, or bool where it began as True or False."""
        self._check_open(f"graph[{checks.shown(name)}]")
        columns = self._parameters.columns
        if name not in columns:
            raise KeyMissing(f"The graph has no parameter {checks.shown(name)}."
                             f"{checks.did_you_mean(str(name), columns)} It has "
                             f"{', '.join(columns) or 'none'}.")  # fmt: skip
        return columns[name]

    def __setitem__(self, name: str, value: npt.ArrayLike) -> None:
        column = self[name]
        given = checks.as_array(value)
        if given.dtype.kind not in "biuf" or given.shape not in ((), column.shape) or not (np.abs(given) <= FAR).all():
            raise ShapeError(f"graph[{name!r}] is {checks.shown(value)}; it takes finite numbers, one or {len(self)}.")
        column[:] = given

    # -- states -----------------------------------------------------------------------------------

    def state(self, name: str, clip: str | Mapping[Any, str], by: str | tuple[str, str] | None = None,
              speed: float = 1.0, loop: bool = True, layer: str = "base") -> None:  # fmt: skip
        """Adds a state; a layer's first is the one that it begins in.

        Args:
            name: of the state.
            clip: of `model.animations`; or a mixture, {where: clip}: `{0.0: "Idle", 1.2: "Walk", 3.4: "Run"}` by one
                parameter, `{(0, 0): "Idle", (0, 1): "Forward", (1, 0): "Right"}` by two, by direction and length.
            by: the parameter that a mixture lies along, or the two that it lies around.
            speed: seconds of the clip in a second of the program, up to 10,000; below 0: backwards.
            loop: begins anew at its end; else it stands there, and its phase is 1.
            layer: of `layer()`.

        Raises:
            ConfigError: there is no such clip, parameter or layer; the message names those that are.
        """
        checks.text("state name", name)
        speed = checks.number("state speed", speed, -SPEED_MAX, SPEED_MAX)
        checks.flag("state loop", loop)
        own = self._layer("state layer", layer)
        parameters: tuple[str, ...] = ()
        if isinstance(clip, str):
            if by is not None:
                raise ConfigError(f"state by is {checks.shown(by)}, but {clip!r} is one clip; a mixture lies along a "
                                  "parameter: {0.0: 'Idle', 1.2: 'Walk'}.")
            clips, points = [clip_of(self._rig, clip)], np.zeros((0, 0), np.float32)
        else:
            parameters = parameters_of(by, {key: column.dtype == np.bool_
                                            for key, column in self._parameters.columns.items()})
            clips, points = mixture(self._rig, clip, len(parameters))
        own.add(name, clips, points, parameters, speed=speed, loop=loop)
        self._changed()

    def transition(self, source: str, target: str, when: Callable[[Any], Any] | None = None, on: str | None = None,
                   at: float | None = None, fade: float = 0.3, layer: str = "base") -> None:  # fmt: skip
        """Adds a way from a state to another. Where several are open, the one that was added first is taken.

        Args:
            source: a state, or "*" for any other.
            target: a state.
            when: a function of what is now, for all models at once: `lambda now: now.speed > 0.1`. It has the
                parameters, `now.phase` and `now.time` (seconds in the state); join conditions with & and |.
            on: a parameter that began as True or False: open where it is True, and False once it is taken.
            at: open from this phase of the source on, 0 to 1; 1.0: at the end of what does not loop.
            fade: seconds.
            layer: of `layer()`.

        Raises:
            ConfigError: neither `when`, `on` nor `at` is given, or there is no such state, parameter or layer.
        """
        own = self._layer("transition layer", layer)
        begins = -1 if isinstance(source, str) and source == ANY else own.number("transition source", source)
        ends = own.number("transition target", target)
        fade_s = checks.number("transition fade", fade, 0.0)
        if when is not None:
            checks.callback("transition when", when, "now")
        if on is not None and self[checks.text("transition on", on)].dtype != np.bool_:
            raise ConfigError(f"transition on: {on!r} is a number; one that begins as False can be waited for.")
        if at is not None:
            at = checks.number("transition at", at, 0.0, 1.0)
        if when is None and on is None and at is None:
            raise ConfigError(f"The transition {source} -> {target} says not when; give when=, on= or at=.")
        own.transitions.append(Transition(begins, ends, when, on, at, fade_s))
        self._changed()

    def layer(self, name: str, mask: Iterable[str] | None = None, additive: bool = False, weight: float = 1.0) -> None:
        """Adds a layer over those before it, with states of its own: `graph.state("wave", "Wave", layer="arms")`.

        Args:
            name: of the layer; the first one is "base".
            mask: names of nodes that it moves, with all below them; None = all.
            additive: what its clips move since their first keys is added to what lies below.
            weight: 0 to 1; `weigh` changes it.
        """
        self._check_open("layer")
        checks.text("layer name", name)
        checks.flag("layer additive", additive)
        weight = checks.number("layer weight", weight, 0.0, 1.0)
        if name in [layer.name for layer in self._layers]:
            raise ConfigError(f"There is a layer {name!r} already.")
        if len(self._layers) > LAYERS_MAX:
            raise ConfigError(f"A graph has {LAYERS_MAX + 1} layers at most.")
        names = None if mask is None else names_of(mask)
        shown = next((model for model in self._models if model._character is not None), None)
        if names is not None and shown is not None and shown._character is not None:
            shares_of(shown, shown._character, names)
        made = GraphLayer(name, len(self), names, self._failures, additive=additive)
        made.share[:] = weight
        self._layers.append(made)
        self._changed()

    def weigh(self, layer: str, weight: npt.ArrayLike) -> None:
        """What a layer weighs from now on: 0 to 1, one number or one for each model."""
        own = self._layer("weigh layer", layer)
        given = checks.as_array(weight)
        if given.dtype.kind not in "iuf" or given.shape not in ((), (len(self),)) or not ((given >= 0)
                                                                                         & (given <= 1)).all():
            raise ShapeError(f"weigh weight is {checks.shown(weight)}; it takes numbers from 0 to 1, one or "
                             f"{len(self)}.")  # fmt: skip
        own.share[:] = given

    def go(self, state: str, fade: float = 0.3, which: npt.ArrayLike | None = None, layer: str = "base") -> None:
        """Goes over to a state now, whatever transitions say. which: a mask of the models; None = all.

        state, fade, layer: as of `transition`.
        """
        own = self._layer("go layer", layer)
        target, fade_s = own.number("go state", state), checks.number("go fade", fade, 0.0)
        chosen = np.ones(len(self), np.bool_) if which is None else checks.as_array(which)
        if chosen.dtype != np.bool_ or chosen.shape != (len(self),):
            raise ShapeError(f"go which is {checks.shown(which)}; it takes a mask of {len(self)}.")
        own.enter(target, chosen & (own.state != target), fade_s)

    def event(self, name: str, clip: str, at: float) -> None:
        """Names a time of a clip; `events` has it in the frame in which that passes.

        Args:
            name: up to 32 letters; several times may have one name.
            clip: of `model.animations`.
            at: seconds into it.
        """
        self._check_open("event")
        if len(checks.text("event name", name)) > NAME_MAX:
            raise ConfigError(f"event name is {checks.shown(name)}; it takes {NAME_MAX} letters at most.")
        found = clip_of(self._rig, clip)
        seconds = checks.number("event at", at, 0.0, float(found.duration_s))
        self._marks.append(Mark(name, found.name, seconds / found.duration_s if found.duration_s > 0 else 0.0))
        self._changed()

    @property
    def events(self) -> npt.NDArray[np.void]:
        """What passed in this frame, an array with `model` (its number), `name` and `weight` (of the clip, 0 to 1)."""
        return self._events

    def root_motion(self, node: str, turn: bool = False) -> None:
        """What clips of the base layer move a node along the ground moves the models' roots from now on.

        Args:
            node: mostly the hips, or a bone above them.
            turn: what they turn it about +Y as well.
        """
        checks.flag("root_motion turn", turn)
        self._root = RootMotion(self._rig, self._node("root_motion node", node), len(self), turn=turn)
        self._changed()

    def reach(self, end: str) -> Reach:
        """A limb of two bones whose end goes where the program says: a hand, a foot.

        end: the node at its end; the two above it are turned. Gives a Reach: set its `target`.
        """
        node, parents = self._node("reach end", end), self._rig.parents
        middle = int(parents[node])
        if middle < 0 or parents[middle] < 0:
            raise ConfigError(f"reach end: {end!r} has not two nodes above it that could be turned.")
        made = Reach((int(parents[middle]), middle, node), len(self))
        self._add_limb(made)
        return made

    def look(self, node: str, axis: npt.ArrayLike = (0.0, 0.0, 1.0), limit: float = 1.2) -> Look:
        """A node that turns to a point: a head, a turret.

        Args:
            node: by name.
            axis: (3,) its own forward axis.
            limit: radians that it turns at most, from where clips have it.
        """
        forward = checks.vector("look axis", axis)
        if not forward.any():
            raise ConfigError("look axis is (0, 0, 0), which is no direction.")
        most = checks.number("look limit", limit, 0.0, np.pi)
        made = Look(self._node("look node", node), len(self), forward / np.sqrt((forward**2).sum()), most)
        self._add_limb(made)
        return made

    def current(self, layer: str = "base") -> list[str]:
        """The state of each model: names; "" where the layer has none."""
        own = self._layer("current layer", layer)
        return [own.states[number].name for number in own.state.tolist()] if own.states else [""] * len(self)

    @property
    def layers(self) -> list[str]:
        """The names of its layers, from below."""
        return [layer.name for layer in self._layers]

    @property
    def states(self) -> dict[str, list[str]]:
        """The names of the states of each layer."""
        return {layer.name: [state.name for state in layer.states] for layer in self._layers}

    @property
    def by_distance(self) -> bool:
        """Whether models that are small in the picture, or out of it, are posed less often where there are many: 30,
        15 and 7.5 times a second, with what lies between. States, events and root motion go on in every frame."""
        return self._by_distance

    @by_distance.setter
    def by_distance(self, value: bool) -> None:
        self._check_open("by_distance")
        self._by_distance = checks.flag("AnimationGraph.by_distance", value)
        self._changed()

    def close(self) -> None:
        """Moves nothing any more; the models go back to their rest pose."""
        self._animator.remove_graph(self)
        self._is_open = False

    # -- for the engine ---------------------------------------------------------------------------

    @property
    def _likeness(self) -> object:
        """Equal for graphs that can step as one."""
        if self._alike is None:
            self._alike = (id(self._parameters.block), self._by_distance,
                           *(layer.likeness for layer in self._layers))  # fmt: skip
        return self._alike

    def _move_roots(self, table: Table, pose: F32, due: npt.NDArray[np.bool_] | None) -> None:
        """After poses are blended: what their root nodes went, the models go. due: whose poses are new; None = all."""
        if self._root is None or not self._used or not self._layers[0].states:
            return
        moved, members = self._root.step(self._layers[0]), self._members
        firsts = np.array([one.pose_first for one in self._used])
        self._root.take_out(pose, firsts if due is None else firsts[due], members if due is None else members[due])
        roots = [(number, self._models[number].root) for number in members.tolist()]
        rows = np.array([root._first for _, root in roots if root.alive], np.intp)
        self._root.move(moved[[number for number, root in roots if root.alive]], table, rows)

    def _add_limb(self, limb: Reach | Look) -> None:
        if not self._limbs:
            self._animator.blending.reaching.append(self)
        self._limbs.append(limb)
        self._changed()

    def _solve(self, table: Table) -> None:
        """After the program ran: limbs reach, nodes look."""
        if self._limbs and self._used:
            rows = np.stack([one.rows for one in self._used])
            for limb in self._limbs:
                limb._solve(table, rows, self._members)

    @property
    def _used(self) -> list[Character]:
        """Who is moved now."""
        return [one for one in self._characters if one is not None]

    @property
    def _nodes(self) -> set[int]:
        """All that it moves."""
        clips = [clip for layer in self._layers for state in layer.states for clip in state.clips]
        return self._own_nodes.union(*(clip.nodes.tolist() for clip in clips))

    @property
    def _own_nodes(self) -> set[int]:
        """What it moves beside its clips."""
        found = {node for limb in self._limbs for node in limb._nodes}
        return found if self._root is None else found | {self._root.node}

    def _find_characters(self, alive: set[int]) -> None:
        """After models came or went; alive: `id` of those that there are."""
        self._characters = [model._character if id(model._character) in alive else None for model in self._models]
        self._members = np.array([number for number, one in enumerate(self._characters) if one is not None], np.intp)

    # -- arguments --------------------------------------------------------------------------------

    def _changed(self) -> None:
        self._alike = None
        self._animator.blending.revision += 1

    def _check_open(self, what: str) -> None:
        if not self._is_open:
            raise HandleError(f"{what}: the graph is closed and moves nothing; app.animator(model) makes another.")

    def _node(self, what: str, name: object) -> int:
        self._check_open(what)
        for model in self._models:
            if model._character is not None and model.state == "ready":
                return node_of(model, model._character, what, name)
        raise ConfigError(f"{what}: none of the graph's models is there any more.")

    def _layer(self, name: str, layer: object) -> GraphLayer:
        self._check_open(name)
        checks.one_of(name, layer, self.layers)
        return next(one for one in self._layers if one.name == layer)
