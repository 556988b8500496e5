"""Recipes: a TOML file that says what a procedural world is like, every value checked before anything is made.

Owns: which values there are, their limits and defaults, the text of a recipe to begin from, one sentence for a mistake.
Does not: make land (procedural.py).
Limits: values only; a recipe runs no code. Equal recipes make equal worlds.
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from layerw_server.bake.errors import BakeError
from layerw_server.bake.heightfield import LEVELS_MAX, Road

SIZE_MAX_BYTES = 1 << 20
ERODED = ("island", "archipelago", "alps")
KINDS = (*ERODED, "desert", "city")
ROAD_POINTS_MAX, ROADS_MAX = 500, 100


@dataclass(frozen=True)
class Value:
    """One number: where it stands, its limits, what it means; `kinds` have it."""

    table: str
    name: str
    low: float
    high: float
    means: str
    whole: bool = False
    kinds: tuple[str, ...] = KINDS

    @property
    def key(self) -> str:
        """As sentences name it."""
        return f"{self.table}.{self.name}" if self.table else self.name


VALUES = (
    Value("", "seed", 0, 2**31 - 1, "equal seeds make equal worlds", whole=True),
    Value("", "size_km", 1, 128, "kilometres a side"),
    Value("", "levels", 1, LEVELS_MAX, "of the quadtree: each doubles the detail", whole=True),
    Value("land", "height_m", 10, 9000, "from the sea (or the lowest valley) to the highest top"),
    Value("land", "erosion", 0, 4, "how deep rivers cut; 1 is usual", kinds=ERODED),
    Value("land", "roughness", 0, 4, "crags and hummocks; 1 is usual", kinds=ERODED),
    Value("land", "sea_level_m", -1000, 9000, "floods what is lower"),
    Value("water", "river_km2", 0.01, 10_000, "a river drains at least so many square kilometres"),
    Value("water", "lakes", 0, 1000, "at most so many", whole=True),
    Value("water", "lake_depth_m", 0.5, 500, "shallower hollows stay dry"),
    Value("climate", "latitude", -90, 90, "degrees; sets both lines below where they are left out"),
    Value("climate", "tree_line_m", -1000, 9000, "trees end there"),
    Value("climate", "snow_line_m", -1000, 10_000, "snow begins there"),
    Value("climate", "arid", 0, 1, "above 0: sand and bare rock instead of meadows"),
    Value("plants", "trees", 0, 2, "1 is usual; 0 plants none"),
    Value("plants", "rocks", 0, 2, "1 is usual; 0 strews none"),
)
_BY_KEY = {value.key: value for value in VALUES}
TABLES = ("land", "water", "climate", "plants")


@dataclass(frozen=True)
class Recipe:
    """What a file says: its kind, its numbers by key (those it leaves out are the kind's own), its roads."""

    kind: str
    numbers: dict[str, float]
    roads: tuple[Road, ...] = ()
    where: str = ""  # the file's name, for sentences
    lines: tuple[tuple[str, int], ...] = ()

    def get(self, key: str) -> float | None:
        """A number, or None where the kind decides."""
        return self.numbers.get(key)

    def whole(self, key: str) -> int | None:
        """A whole number, or None."""
        return None if key not in self.numbers else int(self.numbers[key])

    def wrong(self, key: str, why: str) -> BakeError:
        """A sentence about a value that only the finished land shows to be impossible."""
        line = dict(self.lines).get(key)
        return BakeError(f"{self.where}{f', line {line}' if line else ''}: {key} {why}")

    @property
    def is_dressed(self) -> bool:
        """Whether anything is planted."""
        return self.numbers.get("plants.trees", 0) > 0 or self.numbers.get("plants.rocks", 0) > 0


def read(path: Path) -> Recipe:
    """A recipe from a file.

    Raises:
        BakeError: it can't be read or says what can't be; the sentence names the line and what is allowed.
    """
    try:
        if path.stat().st_size > SIZE_MAX_BYTES:
            raise BakeError(f"{path} has {path.stat().st_size:,} bytes, but a recipe has at most {SIZE_MAX_BYTES:,}.")
        text = path.read_text(encoding="utf-8")
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BakeError(f"{path} is no TOML: {str(error).rstrip('.')}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BakeError(f"The recipe {path} can't be read ({error}); `layerw bake --recipe-of alps {path.name}` writes "
                        "one to begin from.") from None
    return _Reader(path, text).recipe(raw)


class _Reader:
    """Checks one document."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.text = path, text

    def recipe(self, raw: dict[str, Any]) -> Recipe:
        kind = raw.pop("kind", None)
        if not isinstance(kind, str) or kind not in KINDS:
            raise self._bad("kind", f"kind is {_shown(kind)}, but must be one of {', '.join(KINDS)}" if kind is not None
                            else f"a recipe says kind = one of {', '.join(KINDS)}")
        roads = raw.pop("road", [])
        numbers: dict[str, float] = {}
        for name, given in raw.items():
            if name in TABLES and isinstance(given, dict):
                for inner, value in given.items():
                    self._take(numbers, f"{name}.{inner}", value, kind)
            else:
                self._take(numbers, name, given, kind)
        self._agree(numbers)
        found = tuple((key, line) for key in numbers if (line := self._line(key)))
        return Recipe(kind, numbers, self._roads(roads, numbers), str(self.path), found)

    def _take(self, numbers: dict[str, float], key: str, value: Any, kind: str) -> None:
        rule = _BY_KEY.get(key)
        if rule is None:
            known = [v for v in _BY_KEY if v.rpartition(".")[0] == key.rpartition(".")[0]] or list(_BY_KEY)
            near = difflib.get_close_matches(key, [*_BY_KEY, "kind", "road"], 1)
            raise self._bad(key, f"{key} is not known" + (f"; {near[0]} is" if near else
                            f"; there are {', '.join(known if '.' in key else [*TABLES, 'road', *known])}"))
        if kind not in rule.kinds:
            raise self._bad(key, f"{key} is for {', '.join(rule.kinds)}, but kind is {kind}")
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not number or (rule.whole and value != int(value)) or not rule.low <= value <= rule.high:
            raise self._bad(key, f"{key} is {_shown(value)}, but must be a {'whole ' if rule.whole else ''}number from "
                                 f"{rule.low:.10g} to {rule.high:.10g} ({rule.means})")
        numbers[key] = float(value)

    def _agree(self, numbers: dict[str, float]) -> None:
        tree, snow = numbers.get("climate.tree_line_m"), numbers.get("climate.snow_line_m")
        if tree is not None and snow is not None and snow < tree:
            raise self._bad("climate.snow_line_m", f"climate.snow_line_m is {snow:g}, below climate.tree_line_m of "
                                                   f"{tree:g}, but snow begins above the trees")
        if numbers.get("climate.arid", 0) > 0 and numbers.get("plants.trees", 0) > 0:
            raise self._bad("plants.trees", f"plants.trees is {numbers['plants.trees']:g}, but climate.arid above 0 "
                                            "leaves no trees; set one of them to 0")
        if numbers.get("water.lakes") == 0 and "water.lake_depth_m" in numbers:
            raise self._bad("water.lake_depth_m", "water.lake_depth_m is given, but water.lakes is 0")

    def _roads(self, raw: Any, numbers: dict[str, float]) -> tuple[Road, ...]:
        if not isinstance(raw, list) or len(raw) > ROADS_MAX:
            raise self._bad("road", f"roads are written as [[road]] with width_m and points, at most {ROADS_MAX}")
        half = 500.0 * numbers.get("size_km", math.inf)
        return tuple(self._road(number, item, half) for number, item in enumerate(raw))

    def _road(self, number: int, item: Any, half_m: float) -> Road:
        say = f"road {number + 1}"
        for name in item if isinstance(item, dict) else [""]:
            if name not in ("width_m", "points"):
                raise self._bad(f"road.{name}", f"{say} has {_shown(name)}, but a road has width_m and points", number)
        width, points = item.get("width_m", 6.0), item.get("points")
        if not _is_number(width) or not 1 <= width <= 60:
            raise self._bad("road.width_m", f"{say} is {_shown(width)} m wide, but must be 1 to 60", number)
        good = isinstance(points, list) and 2 <= len(points) <= ROAD_POINTS_MAX and all(
            isinstance(p, list) and len(p) == 2 and all(_is_number(v) for v in p) for p in points)
        if not good:
            raise self._bad("road.points", f"{say} needs points = [[x, z], ...], 2 to {ROAD_POINTS_MAX} pairs of m "
                                           "from the world's middle", number)
        for (x, z), after in zip(points, [*points[1:], None], strict=True):
            if max(abs(x), abs(z)) > half_m:
                raise self._bad("road.points", f"{say} has the point [{x:g}, {z:g}], outside of the world, which ends "
                                               f"{half_m:g} m from its middle", number)
            if after == [x, z]:
                raise self._bad("road.points", f"{say} has the point [{x:g}, {z:g}] twice in a row", number)
        return Road(tuple((float(x), float(z)) for x, z in points), float(width))

    def _bad(self, key: str, why: str, number: int = 0) -> BakeError:
        line = self._line(key, number)
        return BakeError(f"{self.path}{f', line {line}' if line else ''}: {why}.")

    def _line(self, key: str, number: int = 0) -> int | None:
        """Where a key is set; tomllib does not say."""
        table, _, name = key.rpartition(".")
        here, seen = "", -1
        for count, text in enumerate(self.text.splitlines(), 1):
            head = re.match(r"\s*\[\[?\s*([\w.]+)\s*\]\]?", text)
            if head:
                here = head[1]
                seen += here == "road"
                if not table and here == name:
                    return count
            found = re.match(r'\s*["\']?([\w.]+)["\']?\s*=', text)
            if found and (here, found[1]) in ((table, name), ("", key)) and (table != "road" or seen == number):
                return count
        return None


def text_of(kind: str, defaults: dict[str, float]) -> str:
    """A whole recipe of a kind with a comment for each value; those that the kind decides are commented out.

    Raises:
        BakeError: there is no such kind.
    """
    if kind not in KINDS:
        raise BakeError(f"There is no procedural world {kind!r} to write a recipe of; those there are, are "
                        f"{', '.join(KINDS)}.")
    rows = ["# layerw bake --procedural THIS.toml world/", f'kind = "{kind}"  # {", ".join(KINDS)}']
    table = ""
    for value in VALUES:
        if kind not in value.kinds:
            continue
        if value.table != table:
            table = value.table
            rows += ["", f"[{table}]"]
        given = defaults.get(value.key)
        note = f"# {value.means}; {value.low:.10g} to {value.high:.10g}"
        rows.append(f"{value.name} = {given:g}  {note}" if given is not None else f"# {value.name} =  {note}")
    rows += ["", "# Roads: splines through points [x, z] in metres from the middle, x east, z south.",
             "# [[road]]", "# width_m = 6", "# points = [[-900, 200], [0, 0], [900, -300]]", ""]
    return "\n".join(rows)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
