"""Features of a world: which one a ray meets, read from the tile's file when a program asks.

Owns: the questions, the files that are read for them, and the last few that were. Tiles themselves are on the GPU only,
so a frame costs nothing of it. Limits: tiles that are drawn now; WAITING_MAX questions; KEPT tiles stay read.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from layerw.base.errors import LayerwError
from layerw.base.ports import Content, ContentLoader, Surface
from layerw.base.rays import CheckedRay
from layerw.stream.feature_hits import Feature, Met, nearest, row_of
from layerw.stream.streamer import Streamer

WAITING_MAX = 64
KEPT = 8
PRIORITY = 2.9e6  # before what is only looked at

Answer = asyncio.Future[Feature | None]
Key = tuple[str, int]  # address and tile


class _Question:
    __slots__ = ("answer", "best", "found_at", "ray", "tiles")

    def __init__(self, answer: Answer, ray: CheckedRay, tiles: list[tuple[float, int, str]]) -> None:
        """tiles: the distance at which the ray enters each, its row, and one of its files; the nearest first."""
        self.answer, self.ray, self.tiles = answer, ray, tiles
        self.best: Met | None = None
        self.found_at = ""


class Features:
    """`ask` any time, `step` once a frame."""

    def __init__(self, streamer: Streamer, loader: ContentLoader, make_answer: Callable[[], Any]) -> None:
        self._streamer, self._loader, self._make_answer = streamer, loader, make_answer
        self._questions: list[_Question] = []
        self._reading: dict[Key, Content] = {}
        self._read: dict[Key, list[Surface]] = {}  # the last one that was used is the last

    def ask(self, ray: CheckedRay) -> Answer:
        """See World.feature."""
        if len(self._questions) >= WAITING_MAX:
            raise LayerwError(f"{WAITING_MAX} features are asked for, which is the limit; await some of them first.")
        answer: Answer = self._make_answer()
        self._questions.append(_Question(answer, ray, self._on_the_way(ray)))
        return answer

    def _on_the_way(self, ray: CheckedRay) -> list[tuple[float, int, str]]:
        """The tiles that are drawn and whose bounds the ray meets."""
        tree, drawn = self._streamer.tree, self._streamer.residency.rows.drawn
        if not len(drawn):
            return []
        geometry = tree.geo[drawn]
        offset = ray.origin - geometry[:, :3]
        axes = geometry[:, 3:12].reshape(-1, 3, 3)
        start, along = np.einsum("kij,kj->ki", axes, offset), axes @ ray.direction
        half = geometry[:, 12:15] + geometry[:, 15:16] + 1e-6
        with np.errstate(divide="ignore", invalid="ignore"):
            one, two = (-half - start) / along, (half - start) / along
        inside = np.abs(start) <= half
        one, two = (np.where(along == 0, np.where(inside, sign * np.inf, -sign * np.inf), values)
                    for sign, values in ((-1.0, np.minimum(one, two)), (1.0, np.maximum(one, two))))  # fmt: skip
        enters, leaves = np.maximum(one.max(axis=1), 0.0), two.min(axis=1)
        hit = np.flatnonzero((enters <= leaves) & (enters <= ray.reach_m))
        return [(float(enters[at]), int(drawn[at]), url) for at in hit[np.argsort(enters[hit], kind="stable")].tolist()
                for url, _, _ in tree.content_of(int(drawn[at]))]  # fmt: skip

    def step(self) -> list[str]:
        """Goes on with what is asked; returns what went wrong."""
        told: list[str] = []
        for key, content in list(self._reading.items()):
            content.step()
            if content.state in ("ready", "failed"):
                self._take(key, content, told)
        self._questions = [question for question in self._questions if not self._goes_on(question)]
        return told

    def _take(self, key: Key, content: Content, told: list[str]) -> None:
        rig = content.rig
        self._read[key] = [] if rig is None else rig.surfaces
        told += [f"{key[0]}: {text}" for text in content.warnings]
        if content.state == "failed":
            told.append(f"The features of {key[0]} can't be read: {content.error}")
        content.release()
        del self._reading[key]
        for old in list(self._read)[:-KEPT]:
            del self._read[old]

    def _goes_on(self, question: _Question) -> bool:
        """Whether it has its answer."""
        if question.answer.done():  # nobody waits any more
            return True
        while question.tiles:
            enters, row, url = question.tiles[0]
            if question.best is not None and enters > question.best.distance:
                break
            surfaces = self._surfaces(row, url)
            if surfaces is None:
                return False
            question.tiles.pop(0)
            ray, until = question.ray, question.ray.reach_m if question.best is None else question.best.distance
            start = ray.origin - self._streamer.tree.origin_of(row)
            met = nearest(surfaces, start, ray.direction, min(until, math.inf))
            if met is not None and met.distance <= ray.reach_m:
                question.best, question.found_at = met, url
        best = question.best
        question.answer.set_result(None if best is None else Feature(
            best.id, row_of(best.columns, best.id), question.found_at, best.distance, question.ray.at(best.distance)))
        return True

    def _surfaces(self, row: int, url: str) -> list[Surface] | None:
        """What is read of a file; None while it is on its way."""
        key = url, row
        if key in self._read:
            self._read[key] = self._read.pop(key)
            return self._read[key]
        if key not in self._reading:
            tree = self._streamer.tree
            known = {address: (sha256, size) for address, sha256, size in tree.content_of(row)}
            sha256, size = known.get(url, ("", 0))
            content = self._loader.try_open(url, priority=PRIORITY, flatten=tree.flatten_of(row), size_bytes=size,
                                            sha256=sha256, only_surfaces=True)  # fmt: skip
            if content is not None:
                self._reading[key] = content
        return None

    def close(self) -> None:
        """Ends all that was asked."""
        for question in self._questions:
            question.answer.cancel()
        for content in self._reading.values():
            content.release()
        self._questions, self._reading, self._read = [], {}, {}
