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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests run last; where processes share the tests first, as one of them has them all."""
    is_shared = hasattr(config, "workerinput")
    items.sort(key=lambda item: is_of_browser(item.nodeid) != is_shared)


class TwoSchedule(LoadFileScheduling):  # type: ignore[misc]  # pytest-xdist has no types
    """One process has all browser tests: two that draw in software would only wait for each other. (The groups of
    `--dist loadgroup` don't reach pytest 9.2, whose nodes keep their names elsewhere.)"""

    def _split_scope(self, nodeid: str) -> str:
        return "browser" if is_of_browser(nodeid) else str(super()._split_scope(nodeid))


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
