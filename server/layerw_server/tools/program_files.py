"""Copying a program and what it names: only what may be served, no links out of its folder.

Owns: the choice of files, for `layerw export` and `layerw build`. Limits: needs.py's; what was made by either is passed
over when it lies inside of the folder.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..http.paths import PathNotFound, PathRefused, is_served_name, resolve
from .needs import needed_entries
from .replace import MARKERS


@dataclass
class Copied:
    """What became of a program's folder."""

    left_out: list[str] = field(default_factory=list)  # entries that nothing names
    notes: list[str] = field(default_factory=list)  # links that lead out of it


def copy_program(program: Path, target: Path, *, everything: bool, folders: Mapping[str, Path],
                 skipped: tuple[Path, ...]) -> Copied:  # fmt: skip
    """Copy a program to `target`.

    Args:
        program: the .py file.
        target: the folder that stands for the program's.
        everything: also what its sources never name.
        folders: others, which become folders of `target`.
        skipped: folders that are never copied.
    """
    made = Copied()
    entries, left_out = needed_entries(program)
    if everything:
        entries, left_out = sorted([*entries, *left_out]), []
    for entry in entries:
        _copy_served(program.parent, entry, target, skipped, made)
    for name, folder in folders.items():
        for entry in sorted(folder.iterdir()):
            if is_served_name(entry.name):
                _copy_served(folder, entry, target / name, skipped, made)
    made.left_out = [e.name for e in left_out if e not in skipped and not any((e / name).exists() for name in MARKERS)]
    return made


def _copy_served(root: Path, entry: Path, target: Path, skipped: tuple[Path, ...], made: Copied) -> None:
    """Copy what may be served of one entry of `root`; links out of it stay behind, with a note."""
    for path in served_files(entry, skipped) if entry.is_dir() else iter([entry]):
        relative = path.relative_to(root)
        try:
            copy(resolve(root, relative.as_posix()), target / relative)
        except (PathNotFound, PathRefused):
            link = _link_in(path, root)
            if link is not None and (note := _link_note(link, root)) not in made.notes:
                made.notes.append(note)


def _link_in(path: Path, root: Path) -> Path | None:
    """The outermost link on the way to a file."""
    return next((p for p in reversed([path, *path.parents]) if p.is_relative_to(root) and p != root and p.is_symlink()),
                None)


def _link_note(link: Path, root: Path) -> str:
    name = link.relative_to(root).as_posix()
    return (f"{name} is a link to {os.readlink(link)}, out of {root.name}/, and stays behind; copy it there, or "
            f"--mount {link.name}={os.path.realpath(link)}")


def served_files(folder: Path, skipped: tuple[Path, ...]) -> Iterator[Path]:
    """Yield the files below a folder that may be served, links to folders included; other exports are passed over."""
    seen = {os.path.realpath(folder)}
    for current, names, files in os.walk(folder, followlinks=True):
        if Path(current) in skipped or not set(MARKERS).isdisjoint(files):
            names.clear()
            continue
        names[:] = sorted(name for name in names if is_served_name(name) and _is_new(Path(current, name), seen))
        yield from (Path(current, name) for name in sorted(files) if is_served_name(name))


def _is_new(folder: Path, seen: set[str]) -> bool:
    """Whether a linked folder was not walked already: links may go round in circles."""
    if not folder.is_symlink():
        return True
    real = os.path.realpath(folder)
    inside = any(real == other or other.startswith(real + os.sep) for other in seen)
    seen.add(real)
    return not inside


def copy(source: Path, target: Path) -> None:
    """Copy one file, and make its folder."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
