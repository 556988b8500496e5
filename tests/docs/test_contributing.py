"""The recipes of docs/contributing.md work: each is followed in a copy of the checkout, and its proof is run there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from .recipes import COPIED, Recipe, follow, node_program, recipes, run
from .snippets import DOCS

ROOT = DOCS.parent
RECIPES = recipes(DOCS / "contributing.md")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy in which all recipes were followed and everything that is generated was generated."""
    copy = tmp_path_factory.mktemp("checkout")
    follow(ROOT, copy, RECIPES)
    build = ("import sys; sys.path.insert(0, 'engine_py/kernels'); import build\n"
             "build.build_variant(next(v for v in build.VARIANTS if v.name == 'side'), build.OUT)")
    run(copy, sys.executable, "-c", build)
    return copy


def test_every_recipe_is_proven_and_copied() -> None:
    assert len(RECIPES) >= 6
    for recipe in RECIPES:
        assert recipe.proofs, recipe.name
        assert all(edit.file.startswith(COPIED) for edit in recipe.edits), recipe.name


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_the_proof_passes(recipe: Recipe, copy: Path) -> None:
    for number, (language, source) in enumerate(recipe.proofs):
        path = copy / f"proof-{number}.{'mjs' if language == 'js' else 'py'}"
        path.write_text(source, "utf-8")
        run(copy, node_program() if language == "js" else sys.executable, str(path))
