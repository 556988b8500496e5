"""Calls of the kernels of animation/ with random inputs, as vectors.py has them for the others."""

from __future__ import annotations

from typing import Any

import numpy as np

from .vectors import SKEWS, Call, Out, empty, floats

SIZES = (0, 1, 2, 5, 40, 150)
NODE = 10


def keys_of(rng: np.random.Generator, mode: int, whole: int, poison: float) -> tuple[np.ndarray, np.ndarray]:
    """Rising seconds, and values."""
    count = int(rng.integers(1, 9))
    times = np.cumsum(rng.uniform(0, 0.4, count)).astype(np.float32)
    return times, floats(rng, count * whole * (3 if mode & 3 == 2 else 1), 2, poison)


def clips(rng: np.random.Generator, nodes: int, morphs: int, poison: float) -> tuple[list[Any], list[tuple[int, int]]]:
    """tracks, times and values of some clips, and each clip's first track and count: none drives a float twice."""
    tracks: list[list[int]] = []
    times, values, spans, keys, floats_used = [], [], [], 0, 0
    for _ in range(3):
        first = len(tracks)
        targets = [(NODE * node + at, width, turn, node) for node in range(nodes)
                   for at, width, turn in ((0, 3, 0), (3, 4, 4), (7, 3, 0))]
        targets += [(NODE * nodes, morphs, 0, 0)] if morphs else []
        for at, width, turn, node in targets:
            if rng.uniform() < 0.5:
                mode = int(rng.integers(0, 3)) | turn
                when, what = keys_of(rng, mode, width, poison)
                tracks.append([at, width, mode, node, keys, len(when), floats_used, 0])
                times.append(when)
                values.append(what)
                keys, floats_used = keys + len(when), floats_used + len(what)
        spans.append((first, len(tracks) - first))
    none = np.zeros(4, np.float32)
    return [np.array(tracks, np.uint32).reshape(-1, 8), np.concatenate([*times, none]),
            np.concatenate([*values, none])], spans


def pose_blend(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_pose_blend: `n` plays of a few characters of one kind."""
    nodes, morphs = int(rng.integers(1, 6)), int(rng.integers(0, 7))
    size = NODE * nodes + morphs
    (tracks, times, values), spans = clips(rng, nodes, morphs, poison)
    characters = max(1, n // 3)
    who = np.sort(rng.integers(0, characters, n))
    layer, additive = rng.integers(0, 3, n), (rng.uniform(0, 1, n) < 0.2).astype(np.int64)
    order = np.lexsort((additive, layer, who))
    clip = np.array(spans)[rng.integers(0, 3, n)].reshape(-1, 2)
    mask = np.where(rng.uniform(0, 1, n) < 0.3, rng.integers(0, 2, n) * nodes, 0xFFFFFFFF)
    plays = np.stack([who * size, np.full(n, nodes), np.full(n, size), clip[:, 0], clip[:, 1], layer, additive, mask],
                     axis=1)[order].astype(np.uint32)
    amounts = np.stack([rng.uniform(-0.5, 4, n), rng.uniform(-0.2, 1.2, n)], axis=1).astype(np.float32)
    masks = rng.uniform(-0.2, 1.2, 2 * nodes).astype(np.float32)
    pose = floats(rng, characters * size, 1, poison)
    return [plays, amounts, n, tracks, times, values, masks, Out(pose), np.zeros(2 * size, np.float32)]


def pose_rows(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_pose_rows."""
    at, used = NODE * rng.integers(0, n + 1, n), 2 * n + 1
    return [floats(rng, NODE * (n + 1), 3, poison), at.astype(np.uint32),
            rng.permutation(used)[:n].astype(np.uint32), n,
            *(Out(floats(rng, (used, width), 3, poison)) for width in (3, 4, 3))]


def pose_models(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_pose_models: a forest in shuffled rows."""
    parents = np.array([int(rng.integers(-1, i)) if i else -1 for i in range(n)], np.int32)
    used = 2 * n + 1
    return [rng.permutation(used)[:n].astype(np.uint32), parents, n, floats(rng, (used, 3), 9, poison),
            floats(rng, (used, 4), 1, poison), floats(rng, (used, 3), 2, poison), empty((n, 12), np.float32)]


def pose_joints(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_pose_joints."""
    nodes, binds, meshes = int(rng.integers(1, 9)), int(rng.integers(1, 9)), int(rng.integers(1, 4))
    joints = np.stack([rng.integers(0, nodes, n), rng.integers(0, binds, n)], axis=1).astype(np.uint32)
    return [joints, floats(rng, n, 1, poison), rng.integers(0, meshes, n).astype(np.uint32), n,
            floats(rng, (nodes, 12), 3, poison), floats(rng, (binds, 12), 3, poison), empty((n, 12), np.float32),
            Out(np.zeros(meshes, np.float32))]


def crowd(rng: np.random.Generator, n: int, poison: float) -> tuple[np.ndarray, np.ndarray, int]:
    """Members, clips, and how many of those there are."""
    count = int(rng.integers(0, 5))
    poses = rng.integers(1, 90, count)
    length = np.where(poses > 1, rng.uniform(0.05, 3, count), 0)
    rate = np.where(poses > 1, (poses - 1) / np.where(length > 0, length, 1), 0)
    clips = np.stack([rng.integers(1, 1 << 22, count), poses - 1, rate, length], axis=1).astype(np.float32)
    members = floats(rng, (n, 8), 6, poison).view(np.uint32)
    members[:, 0], members[:, 3] = rng.integers(-2, 7, n), rng.integers(-2, 7, n)
    members[:, 5] = rng.uniform(-0.3, 1.6, n).astype(np.float32).view(np.uint32)
    members[:, 7] = rng.integers(0, 3, n)
    return members, clips if count else np.zeros((1, 4), np.float32), count


def crowd_step(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_crowd_step."""
    members, clips, count = crowd(rng, n, poison)
    return [Out(members), n, clips, count, floats(rng, 1, 1, poison)]


def crowd_heads(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_crowd_heads."""
    members, clips, count = crowd(rng, n, poison)
    layout = np.array([3 * rng.integers(1, 90), rng.integers(1, 9999)], np.uint32)
    return [members, n, clips, count, layout, Out(np.zeros((n, 4), np.float32)), Out(np.zeros((n, 4), np.float32))]


def forest(rng: np.random.Generator, n: int, poison: float) -> tuple[np.ndarray, ...]:
    """parents, position, rotation and scale of a table of chains of three below nodes of a chain."""
    parents = np.full(4 * n + 4, -1, np.int32)
    for k in range(n):
        parents[4 * k] = 4 * int(rng.integers(0, k)) + 3 if k and rng.uniform() < 0.3 else -1
        parents[4 * k + 1 : 4 * k + 4] = range(4 * k, 4 * k + 3)
    used = len(parents)
    return (parents, floats(rng, (used, 3), 2, poison), floats(rng, (used, 4), 1, poison),
            floats(rng, (used, 3), 2, poison / 4))


def pose_reach(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_pose_reach: straight limbs, too."""
    parents, position, rotation, scale = forest(rng, n, poison)
    for k in range(n):
        if rng.uniform() < 0.2:
            position[4 * k + 2 : 4 * k + 4], rotation[4 * k + 1 : 4 * k + 3] = (0, 1, 0), (0, 0, 0, 1)
    limbs = 4 * rng.permutation(n)[:, None] + np.array([1, 2, 3, 0])
    limbs[:, 3] = rng.integers(0, 2, n)
    goals, poles = floats(rng, (n, 4), 3, poison), floats(rng, (n, 4), 3, poison)
    goals[:, 3] = rng.uniform(-0.2, 1.2, n)
    return [limbs.astype(np.uint32), goals, poles, n, parents, position, Out(rotation), scale]


def pose_look(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_pose_look."""
    parents, position, rotation, scale = forest(rng, n, poison)
    goals, gazes = floats(rng, (n, 4), 3, poison), floats(rng, (n, 4), 1, poison)
    goals[:, 3], gazes[:, 3] = rng.uniform(-0.2, 1.2, n), rng.uniform(0, 1, n)
    rows = rng.integers(0, len(parents), n).astype(np.uint32)
    return [rows, goals, gazes, n, parents, position, Out(rotation), scale]


def graph_step(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_graph_step: a layer of some states, each a clip, a mixture along a line, or one given."""
    kinds = int(rng.integers(1, 6))
    states, first = np.zeros((kinds, 8), np.uint32), 0
    columns = int(rng.integers(1, 4))
    clips: list[list[float]] = []
    for k in range(kinds):
        kind = int(rng.integers(0, 3))
        size = int(rng.integers(2, 5)) if kind else 1
        states[k, :5] = first, size, kind, rng.integers(0, 2), int(rng.integers(0, columns)) * n
        states[k, 5] = rng.uniform(-2, 2, 1).astype(np.float32).view(np.uint32)[0]
        places = np.cumsum(rng.uniform(0.1, 1, size))
        clips += [[float(rng.uniform(0, 2)) if rng.uniform() < 0.9 else 0.0, float(place)] for place in places]
        first += size
    over = int(rng.integers(0, 3))
    members = floats(rng, (n, 4), 2, poison).view(np.uint32)
    members[:, 0] = rng.integers(0, kinds, n)
    weights = rng.uniform(-0.2, 1.1, (n, kinds)).astype(np.float32)
    weights[rng.uniform(0, 1, (n, kinds)) < 0.4] = 0
    alone = rng.uniform(0, 1, n) < 0.4
    weights[alone] = np.arange(kinds) == members[alone, :1]
    layout = np.array([n, kinds, first, first + over + 1, over], np.uint32)
    return [layout, states, np.array(clips, np.float32), floats(rng, columns * n + 1, 4, poison), Out(members),
            Out(weights), Out(floats(rng, (n, kinds), 1, poison)), Out(floats(rng, (n, kinds), 1, poison)),
            Out(floats(rng, (n, first), 1, poison)), Out(floats(rng, (n, first + over + 1, 2), 1, poison)),
            floats(rng, 1, 0.2, 0.0)]


def pose_morphs(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_pose_morphs: some of whose weights are shown already."""
    kinds = [(int(rng.integers(1, 5)), 3 * int(rng.integers(0, 9))) for _ in range(3)]
    deltas = np.cumsum([0, *(3 * targets * size for targets, size in kinds)])
    fars = np.cumsum([0, *(targets for targets, _ in kinds)])
    morphs, weight, texel = np.zeros((n, 8), np.uint32), 0, int(rng.integers(0, 5))
    for k in range(n):
        kind = int(rng.integers(0, 3))
        targets, size = kinds[kind]
        morphs[k, :6] = weight, targets, deltas[kind], size, texel, fars[kind]
        weight, texel = weight + targets, texel + size + int(rng.integers(0, 2))
    weights = floats(rng, weight, 1, poison)
    shown = weights.copy()
    shown[rng.uniform(0, 1, weight) < 0.3] = 0.25
    line = int(rng.integers(1, 9))
    far = floats(rng, int(fars[-1]), 1, 0)
    return [morphs, n, weights, Out(shown), floats(rng, int(deltas[-1]) + 1, 1, poison), far,
            Out(floats(rng, (texel, 4), 1, poison)), np.array([line], np.uint32),
            Out(np.zeros(texel // line + 1, np.uint8)), empty(n, np.float32)]


def wholes(rng: np.random.Generator, n: int, poison: float) -> tuple[np.ndarray, list[np.ndarray]]:
    """Poses of a few kinds, and three arrays of them."""
    found = np.zeros((n, 4), np.uint32)
    nodes, morphs = rng.integers(0, 5, n), rng.integers(0, 4, n)
    found[:, 1], found[:, 2], found[:, 3] = nodes, NODE * nodes + morphs, rng.integers(0, 2, n)
    found[:, 0] = np.cumsum(found[:, 2]) - found[:, 2]
    return found, [floats(rng, int(found[:, 2].sum()) + 1, 1, poison) for _ in range(3)]


def pose_begin(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_pose_begin."""
    table, (rest, start, goal) = wholes(rng, n, poison)
    return [table, n, rest, Out(start), Out(goal)]


def pose_between(rng: np.random.Generator, n: int, poison: float) -> list[Any]:
    """The arguments of lw_pose_between."""
    table, (start, goal, pose) = wholes(rng, n, poison)
    return [table, floats(rng, n, 1.5, poison), n, start, goal, Out(pose)]


def graph_of(twin: Any, seed: int) -> list[Call]:
    """A random graph of a few members for one frame: its upper layer's step, the blending of all layers by what that
    gave, and the poses between. `twin` says what each call is given by the one before."""
    rng, skew = np.random.default_rng([23, seed]), SKEWS[seed % 4]
    n, poison = int(rng.integers(1, 7)), (0.0, 0.0, 0.02)[seed % 3]
    step = graph_step(rng, n, poison)
    given = [one.array.copy() if isinstance(one, Out) else one for one in step]
    twin.lw_graph_step(*given)
    (_, _, slots, stride, first), amounts = given[0].tolist(), given[9]
    nodes, morphs = int(rng.integers(1, 6)), int(rng.integers(0, 7))
    size = NODE * nodes + morphs
    (tracks, times, values), spans = clips(rng, nodes, morphs, poison)
    of_layer = (np.arange(stride) >= first).astype(np.int64) + (np.arange(stride) >= first + slots)
    additive, mask = rng.integers(0, 2, 3), rng.choice((0, nodes, 0xFFFFFFFF), 3)
    clip = np.array(spans)[rng.integers(0, 3, stride)]
    own = np.stack([np.zeros(stride), np.full(stride, nodes), np.full(stride, size), clip[:, 0], clip[:, 1], of_layer,
                    additive[of_layer], mask[of_layer]], axis=1).astype(np.uint32)
    plays = np.tile(own, (n, 1))
    plays[:, 0] = np.repeat(size * np.arange(n), stride)
    goal, masks = floats(rng, n * size, 1, 0), rng.uniform(0, 1.2, 2 * nodes).astype(np.float32)
    blend = [plays, amounts, n * stride, tracks, times, values, masks, Out(goal.copy()), np.zeros(2 * size, np.float32)]
    twin.lw_pose_blend(*blend[:7], goal, blend[8])
    table = np.array([(size * k, nodes, size, 1) for k in range(n)], np.uint32)
    between = [table, rng.uniform(-0.1, 1.1, n).astype(np.float32), n, floats(rng, n * size, 1, 0), goal,
               Out(np.zeros(n * size, np.float32))]
    return [Call("lw_graph_step", step, skew), Call("lw_pose_blend", blend, skew),
            Call("lw_pose_between", between, skew)]


MAKERS = {"lw_pose_rows": pose_rows, "lw_pose_blend": pose_blend, "lw_pose_models": pose_models,
          "lw_pose_joints": pose_joints, "lw_crowd_step": crowd_step, "lw_crowd_heads": crowd_heads,
          "lw_pose_reach": pose_reach, "lw_pose_look": pose_look, "lw_graph_step": graph_step,
          "lw_pose_morphs": pose_morphs, "lw_pose_begin": pose_begin, "lw_pose_between": pose_between}


def make(name: str, seed: int, n: int, poison: float, skew: int) -> Call:
    """One call."""
    with np.errstate(all="ignore"):
        return Call(name, MAKERS[name](np.random.default_rng([seed, n]), n, poison), skew)


def standard(seed: int = 17, sizes: tuple[int, ...] = SIZES) -> list[Call]:
    """Every kernel with every size, with and without poison."""
    return [make(name, seed + k, n, poison, SKEWS[(k + n) % 4])
            for name in MAKERS for k, n in enumerate(sizes) for poison in (0.0, 0.05)]
