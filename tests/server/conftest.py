"""Fixtures of the server's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .live import Live, make_tree, running


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with stand-ins for web/, runtime/, engine/ and app/."""
    make_tree(tmp_path)
    return tmp_path


@pytest.fixture
def live(tree: Path) -> Iterator[Live]:
    """A running development server."""
    with running(tree) as server:
        yield server


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """One development server for a module's tests that change no file."""
    root = tmp_path_factory.mktemp("shared")
    make_tree(root)
    with running(root) as server:
        yield server
