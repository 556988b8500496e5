"""What all tests share: the repository's root and the optional sample data beside it."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
_STORES = count()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests run last, where processes share the tests first, and one process has them all: two that draw in
    software would only wait for each other. What it runs after them needs a thread without Playwright's event loop.
    """
    is_shared = hasattr(config, "workerinput")
    items.sort(key=lambda item: (item.get_closest_marker("browser") is None) == is_shared)
    for item in items if is_shared else ():
        has_browser = item.get_closest_marker("browser") is not None
        item.add_marker(pytest.mark.xdist_group("browser" if has_browser else item.path.name))


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
