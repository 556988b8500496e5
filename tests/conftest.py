"""What all tests share: the repository's root and the optional sample data beside it."""

from __future__ import annotations

import subprocess
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

ROOT = Path(__file__).resolve().parents[1]
_STORES = count()


# Files of tests/browser whose pages have no GPU, but for one page or two: they take one core, for Python's start.
DRAW_NOTHING = frozenset((
    "actions", "bad_input_shot", "boot", "bridge", "debugging", "element", "element_docs", "export", "export_hosts",
    "layer_memory", "mistakes", "navigation", "net", "notebooks", "npm", "other_browsers", "page", "page_input",
    "panels", "physics", "picking", "program_files", "sound", "store", "threads", "together", "ui", "water"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests run last. Where processes share the tests, those that draw are first: one process has them all."""
    is_shared = hasattr(config, "workerinput")
    items.sort(key=lambda item: turn(item.nodeid) if is_shared else is_of_browser(item.nodeid))


def turn(nodeid: str) -> int:
    """Where processes share the tests: the smallest is begun first, and what stands last is short."""
    return 0 if draws(nodeid) else 1 + is_of_browser(nodeid)


class TwoSchedule(LoadFileScheduling):  # type: ignore[misc]  # pytest-xdist has no types
    """One process has all tests that draw: two that draw in software would only wait for each other. Everything else is
    shared file by file, so that all processes end together. (The groups of `--dist loadgroup` don't reach pytest 9.2,
    whose nodes keep their names elsewhere.)"""

    def _split_scope(self, nodeid: str) -> str:
        return "drawing" if draws(nodeid) else str(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> TwoSchedule:
    """Who runs what."""
    return TwoSchedule(config, log)


def is_of_browser(nodeid: str) -> bool:
    """Whether a test of this name needs the Chromium of tests/browser, one a process."""
    return nodeid.startswith("tests/browser/")


def draws(nodeid: str) -> bool:
    """Whether it is one of those that draw on all cores."""
    name = nodeid.partition("::")[0].removeprefix("tests/browser/test_").removesuffix(".py")
    return is_of_browser(nodeid) and name not in DRAW_NOTHING


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
def adapter() -> None:
    """A graphics adapter for the native host, in software if need be."""
    pytest.importorskip("wgpu", reason="pip install layerw[window]")
    done = subprocess.run([ROOT / "tools" / "adapter.sh"], capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        pytest.skip(done.stderr.strip())


@pytest.fixture(scope="session")
def _stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stores")


@pytest.fixture(autouse=True)
def _own_store(_stores: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test's programs keep is its own, and not its user's."""
    monkeypatch.setenv("LAYERW_STORE", str(_stores / str(next(_STORES))))
