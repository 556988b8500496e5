"""The examples as the gallery shows them: which there are, in which group, what each says of itself.

Owns: reading examples/gallery.toml and the docstrings. Does not run or copy anything.
"""

from __future__ import annotations

import ast
import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
LIST = EXAMPLES / "gallery.toml"
NOTHING_SAID = "A box that turns: the smallest program"  # of hello.py, which is as short as it can be
OTHERS = "Others"
FRAMES = 60  # of a poster, where gallery.toml says nothing else


@dataclass(frozen=True)
class Example:
    """One program of examples/: a file, or a folder with main.py."""

    name: str
    group: str
    program: Path
    frames: int  # that its poster waits
    note: str  # what it lacks on a static site

    @property
    def title(self) -> str:
        return self.name.replace("_", " ").capitalize()

    @property
    def folder(self) -> Path | None:
        """Its own folder; None for a single file."""
        return self.program.parent if self.program.name == "main.py" else None

    @property
    def source(self) -> str:
        return self.program.read_text("utf-8")

    @property
    def words(self) -> str:
        """Its docstring."""
        return ast.get_docstring(ast.parse(self.source)) or ""

    @property
    def summary(self) -> str:
        """One sentence of it, without how to start it."""
        first = " ".join(self.words.split("\n\n")[0].split())
        said = first.split(": `layerw")[0].split("; `layerw")[0].split(" `layerw")[0].rstrip(".;:")
        return (said or NOTHING_SAID) + "."

    @property
    def details(self) -> list[str]:
        """The other paragraphs; those that are set in are commands. How to start a file is not said: the page does."""
        start = f"layerw run examples/{self.name}" + ("" if self.folder else ".py")
        return [part for part in self.words.split("\n\n")[1:] if part.strip(" `") != start]

    def digest(self) -> str:
        """A sum over what it is made of: another one, another poster."""
        total = hashlib.sha256(str(self.frames).encode())
        for path in sorted(self.folder.rglob("*.py")) if self.folder else [self.program]:
            total.update(path.read_bytes())
        return total.hexdigest()[:24]


def program_of(name: str, examples: Path = EXAMPLES) -> Path:
    """The file of an example's name."""
    alone = examples / f"{name}.py"
    return alone if alone.is_file() else examples / name / "main.py"


def present(examples: Path = EXAMPLES) -> set[str]:
    """The names of all examples that lie there: files that make an App, as others lie beside one; and folders."""
    alone = {path.stem for path in examples.glob("*.py") if "lw.App(" in path.read_text("utf-8")}
    return alone | {path.parent.name for path in examples.glob("*/main.py")}


def catalog(path: Path = LIST) -> list[Example]:
    """The gallery in its order; examples that stand in no group come last.

    Raises:
        ValueError: a name has no example, or two groups.
    """
    listed = tomllib.loads(path.read_text("utf-8"))
    frames, notes, groups = listed.get("frames", {}), listed.get("notes", {}), listed["groups"]
    names, there = [name for group in groups.values() for name in group], present(path.parent)
    wrong = sorted({name for name in names if names.count(name) > 1} | (set(names) - there))
    if wrong:
        raise ValueError(f"{path.name} names {', '.join(wrong)}, which no example of {path.parent} is, or which it "
                         "names twice.")
    groups = {**groups, OTHERS: sorted(there - set(names))}
    folder = path.parent
    return [Example(name, group, program_of(name, folder), frames.get(name, FRAMES), notes.get(name, ""))
            for group, members in groups.items() for name in members]
