"""Classes that are written out for a page behave as those that Python makes: server/layerw_server/runtime/expand.py."""

from __future__ import annotations

import ast
import itertools
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from layerw_server.http.engine_zip import build_engine_zip
from layerw_server.runtime.compile_zip import compile_zip
from layerw_server.runtime.expand import expand

ENGINE = Path(__file__).parents[2] / "engine_py" / "layerw"
SAMPLE = b'''"""The module's docstring."""
from __future__ import annotations
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol
import numpy.typing as npt

LIMIT = 7
Array = npt.NDArray[float]

@dataclass(frozen=True, slots=True)
class Frozen:
    """What it is."""

    name: str
    size: int = LIMIT
    def twice(self) -> int:
        """Twice."""
        return 2 * self.size

@dataclass(slots=True)
class Plain:
    rows: list[int] = field(default_factory=list)
    other: dict[str, int] = field(default_factory=lambda: {"a": LIMIT})
    total: int = 0
    def __post_init__(self) -> None:
        self.total += len(self.rows)

@dataclass(slots=True, eq=False)
class Same:
    value: object

@dataclass(slots=True, eq=False)
class More(Same):
    """With a base."""

    extra: list[int] = field(default_factory=list)

@dataclass
class Open:
    a: int
    b: float = 2.0
    def __repr__(self) -> str:
        return "mine"

class Pair(NamedTuple):
    """Two."""

    left: int
    right: float = 0.5
    @property
    def sum(self) -> float:
        return self.left + self.right

class Sized(Protocol):
    size: int
    def twice(self) -> int: ...

class Implemented(Sized):
    def twice(self) -> int:
        return 2
'''
Made = tuple[ModuleType, ModuleType]


@pytest.fixture(scope="module")
def both() -> Made:
    """The sample as Python makes it, and written out."""
    modules = []
    for name, code in (
        ("sample", compile(SAMPLE, "sample.py", "exec")),
        ("sample", compile(expand(SAMPLE, "sample.py"), "sample.py", "exec")),
    ):
        module = ModuleType(name)
        sys.modules[name] = module  # dataclasses look for it
        exec(code, module.__dict__)
        modules.append(module)
    del sys.modules["sample"]
    return modules[0], modules[1]


def outcome(call: Callable[[], Any]) -> tuple[str, str]:
    """What a call gives, or the kind of error that it raises."""
    try:
        return "gives", repr(call())
    except Exception as error:
        return type(error).__name__, str(error) if not isinstance(error, TypeError) else ""


def assign(thing: Any, name: str, value: Any) -> Any:
    setattr(thing, name, value)
    return getattr(thing, name)


USES: tuple[Callable[[Any], Any], ...] = (
    lambda m: m.__doc__,
    lambda m: m.Frozen.__doc__,
    lambda m: m.Pair.__doc__,
    lambda m: m.Frozen("a"),
    lambda m: m.Frozen("a", size=2),
    lambda m: m.Frozen(),
    lambda m: m.Frozen("a", 1, 2),
    lambda m: m.Frozen("a", what=1),
    lambda m: m.Frozen("a").twice(),
    lambda m: m.Frozen("a") == m.Frozen("a", 7),
    lambda m: m.Frozen("a") == m.Frozen("b"),
    lambda m: m.Frozen("a") == ("a", 7),
    lambda m: hash(m.Frozen("a")) == hash(m.Frozen("a")),
    lambda m: assign(m.Frozen("a"), "size", 3),
    lambda m: delattr(m.Frozen("a"), "size"),
    lambda m: m.Frozen.__match_args__,
    lambda m: m.Frozen.__slots__,
    lambda m: vars(m.Frozen("a")),
    lambda m: m.Plain(),
    lambda m: m.Plain([1, 2]),
    lambda m: m.Plain().rows is m.Plain().rows,
    lambda m: m.Plain() == m.Plain(),
    lambda m: hash(m.Plain()),
    lambda m: assign(m.Plain(), "total", 9),
    lambda m: assign(m.Plain(), "unknown", 9),
    lambda m: m.Plain(other=None),
    lambda m: m.Same(1) == m.Same(1),
    lambda m: len({m.Same(1), m.Same(1)}),
    lambda m: m.Same(1),
    lambda m: m.More(1),
    lambda m: m.More(1, [2]),
    lambda m: m.More(value=1, extra=2).value,
    lambda m: m.More.__slots__,
    lambda m: m.Open(1),
    lambda m: m.Open(1) == m.Open(1, 2.0),
    lambda m: assign(m.Open(1), "unknown", 9),
    lambda m: hash(m.Open(1)),
    lambda m: m.Pair(1),
    lambda m: m.Pair(1, 2.0),
    lambda m: m.Pair(),
    lambda m: m.Pair(1, 2, 3),
    lambda m: m.Pair(1) == (1, 0.5),
    lambda m: tuple(m.Pair(1)),
    lambda m: m.Pair(1)._replace(right=3),
    lambda m: m.Pair(1)._asdict(),
    lambda m: m.Pair._make([1, 2]),
    lambda m: m.Pair._make([1]),
    lambda m: m.Pair._fields,
    lambda m: m.Pair(1).sum,
    lambda m: assign(m.Pair(1), "left", 2),
    lambda m: hash(m.Pair(1)) == hash((1, 0.5)),
    lambda m: isinstance(m.Pair(1), tuple),
    lambda m: m.Pair(1)[0],
    lambda m: m.Pair.left.__doc__,
    lambda m: m.Pair(1).__getnewargs__(),
    lambda m: m.Implemented().twice(),
)


@pytest.mark.parametrize("use", USES, ids=itertools.count())
def test_what_is_written_out_behaves_the_same(both: Made, use: Callable[[Any], Any]) -> None:
    plain, written = both
    assert outcome(lambda: use(written)) == outcome(lambda: use(plain))


def test_it_is_written_out(both: Made) -> None:
    """Else the tests above compare a thing with itself."""
    _, written = both
    assert not any(
        hasattr(getattr(written, name), "__dataclass_fields__") for name in ("Frozen", "Plain", "Same", "Open")
    )
    assert written.Pair.__bases__[0].__module__ == "layerw.base.expanded"
    assert not hasattr(written.Sized, "_is_protocol")
    assert written.Frozen.twice.__annotations__ == {}


@pytest.mark.parametrize("source", [
    b"from dataclasses import dataclass\n@dataclass(order=True)\nclass A:\n    a: int\n",
    b"from dataclasses import dataclass, replace\n@dataclass\nclass A:\n    a: int\n",
    b"from dataclasses import dataclass, field\n@dataclass\nclass A:\n    a: int = field(repr=False)\n",
    b"from dataclasses import dataclass\nfrom other import B\n@dataclass\nclass A(B):\n    b: int = 1\n",
    b"def dataclass(kind): return kind\n@dataclass\nclass A:\n    a: int\n",
])  # fmt: skip
def test_other_classes_stay(source: bytes) -> None:
    last = expand(source, "x.py").body[-1]
    assert isinstance(last, ast.ClassDef)
    assert last.decorator_list
    assert any(isinstance(part, ast.AnnAssign) for part in last.body)


PROGRAM = """
import importlib.util, json, sys, zipfile
path = sys.argv[1]
with open(path, "rb") as file:
    data = file.read()
with zipfile.ZipFile(path) as archive:
    members = {info.filename: (info.header_offset + 30 + len(info.filename), info.file_size)
               for info in archive.infolist()}
    source = archive.read("layerw/hosts/archive.py")
sys.meta_path = [finder for finder in sys.meta_path if "editable" not in repr(finder).lower()]
scope = {"__name__": "archive"}
exec(compile(source, "archive.py", "exec"), scope)
scope["install"](data, json.dumps(members), path)
import layerw as lw
from layerw.hosts.headless import HeadlessHost
assert lw.__file__.startswith(path), lw.__file__
host = HeadlessHost()
app = lw.App(host=host)
app.light("point", position=(0, 2, 0))
cube = app.spawn(lw.Mesh.box(), lw.Material(color="red"), position=(0, 1, 0))
for _ in range(3):
    cube.rotate(y=0.1)
    host.step(app)
hit = app.raycast((0, 1, 5), (0, 0, -1))

import importlib, inspect, pkgutil
for found in pkgutil.walk_packages(lw.__path__, "layerw."):
    if found.name.endswith(("__main__", "hosts.browser")):
        continue
    module = importlib.import_module(found.name)
    for name, kind in sorted(vars(module).items()):
        if isinstance(kind, type) and kind.__module__ == found.name:
            parts = inspect.signature(kind.__new__ if issubclass(kind, tuple) else kind.__init__).parameters
            print(found.name, name, [str(part).partition(":")[0].partition("=")[0] for part in parts.values()][1:])
print(hit.distance, app.report()["entities"], cube.rotation, app.camera.position)
"""


def test_the_engine_runs_written_out(tmp_path: Path) -> None:
    """All of it, from compiled classes, says the same as from the sources."""
    (tmp_path / "in.zip").write_bytes(build_engine_zip(ENGINE))
    said = []
    for name, options in (("plain.zip", {}), ("written.zip", {"parse": expand})):
        path = tmp_path / name
        compile_zip(str(tmp_path / "in.zip"), str(path), str(path), True, **options)
        program = tmp_path / "program.py"
        program.write_text(PROGRAM)
        done = subprocess.run(
            [sys.executable, "-W", "error", program, path],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        said.append(done.stdout)
    assert said[0] == said[1]
    assert "4.47" in said[0]
    with zipfile.ZipFile(tmp_path / "plain.zip") as plain, zipfile.ZipFile(tmp_path / "written.zip") as written:
        assert plain.read("layerw/base/config.pyc") != written.read("layerw/base/config.pyc")


def test_what_an_app_imports_makes_no_classes_at_run_time() -> None:
    """A new one of a kind that is not written out costs every page milliseconds: see the header of expand.py."""
    program = "import sys, layerw\nprint(*[m.__file__ for n, m in sys.modules.items() if n.startswith('layerw.')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    left = []
    for name in sorted(path for path in done.stdout.split() if path.endswith(".py")):
        for node in expand(Path(name).read_bytes(), name).body:
            if isinstance(node, ast.ClassDef):
                words = [ast.unparse(part) for part in (*node.decorator_list, *node.bases)]
                left += [f"{name}: {node.name}" for word in words if word.startswith(("dataclass", "NamedTuple"))]
    assert left == []


def test_the_engine_asks_nothing_of_its_classes_that_written_out_ones_lack() -> None:
    """dataclasses.asdict and the like know only what dataclass() made."""
    unknown = {"asdict", "astuple", "replace", "is_dataclass", "make_dataclass"}
    found = []
    for path in sorted(ENGINE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            names: set[str] = set()
            if isinstance(node, ast.ImportFrom) and node.module == "dataclasses":
                names = {alias.name for alias in node.names}
            elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "dataclasses":
                names = {node.attr}
            found += [f"{path.name}: dataclasses.{name}" for name in names & unknown]
    assert found == []
