"""What all tests share: the repository's root and the optional sample data beside it."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

ROOT = Path(__file__).resolve().parents[1]
_STORES = count()
LAST = "tests/browser/test_store"  # browser tests from this name on: about a third of their time


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests run last. Where processes share the tests, one begins with them, and whichever has run what needs
    no browser takes the last part of them."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: ("browser", "", "last").index(part_of(item.nodeid)))
    else:
        items.sort(key=lambda item: is_of_browser(item.nodeid))


def part_of(nodeid: str) -> str:
    """What runs in one process: "browser", its "last" part, or "" where each file may go anywhere."""
    return "" if not is_of_browser(nodeid) else "last" if nodeid >= LAST else "browser"


class TwoSchedule(LoadFileScheduling):  # type: ignore[misc]  # pytest-xdist has no types
    """Files with a browser go together: a browser's start and what it keeps compiled cost most. Two of them at a time,
    as pages wait more than they draw. (The groups of `--dist loadgroup` don't reach pytest 9.2, whose nodes keep their
    names elsewhere.)"""

    def _split_scope(self, nodeid: str) -> str:
        return part_of(nodeid) or str(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> TwoSchedule:
    """Who runs what."""
    return TwoSchedule(config, log)


def is_of_browser(nodeid: str) -> bool:
    """Whether a test of this name shares the one Chromium of tests/browser."""
    return nodeid.startswith("tests/browser/")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The repository's root folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The sample data beside the repository; the test skips where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the sample data {folder} is not on this machine")
    return folder


@pytest.fixture(scope="session")
def _stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stores")


@pytest.fixture(autouse=True)
def _own_store(_stores: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test's programs keep is its own, and not its user's."""
    monkeypatch.setenv("LAYERW_STORE", str(_stores / str(next(_STORES))))
