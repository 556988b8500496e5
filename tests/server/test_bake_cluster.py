"""A bake on a real dask cluster of this machine: equal bytes, whatever becomes of workers and scheduler."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from layerw_server.bake import BakeError, bake, cluster, pipeline

from .bake_worlds import files, small_field

distributed = pytest.importorskip("distributed", reason="the extra layerw[cluster] is not installed")
pytestmark = pytest.mark.filterwarnings("ignore")  # dask's own, of sockets that a killed worker leaves


def _cluster(**more: Any) -> Any:
    return distributed.LocalCluster(threads_per_worker=1, dashboard_address=None, worker_dashboard_address=None, **more)


@pytest.fixture(scope="module")
def two() -> Iterator[Any]:
    with _cluster(n_workers=2, processes=True) as made:
        yield made


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("local") / "w"
    bake(small_field(), out, jobs=1, texels=16, dress=True)
    return files(out)


@pytest.fixture(autouse=True)
def _small_branches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "BRANCH_LEVEL", 1)


def test_a_cluster_makes_the_same_bytes_and_keeps_nothing(
    two: Any, tmp_path: Path, whole: dict[str, bytes],
) -> None:
    result = bake(small_field(), tmp_path / "w", texels=16, dress=True, scheduler=two.scheduler_address)
    assert files(tmp_path / "w") == whole and result.continued == 0
    left = [p for worker in two.workers.values() for p in Path(worker.worker_dir).glob("layerw-*")]
    assert left == [] and not (tmp_path / ".w.partial").exists()


def test_what_lost_workers_had_is_made_again(two: Any, tmp_path: Path, whole: dict[str, bytes]) -> None:
    killed: list[int] = []

    def progress(step: str, done: int, total: int) -> None:
        if step == "tiles" and done > 0 and not killed:
            killed.extend(worker.pid for worker in two.workers.values())  # all: those that come back have no grids
            for pid in killed:
                os.kill(pid, signal.SIGKILL)

    bake(small_field(), tmp_path / "w", texels=16, dress=True, scheduler=two.scheduler_address, progress=progress)
    assert killed and files(tmp_path / "w") == whole


def test_other_versions_are_refused(two: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "FORMAT", -1)
    with pytest.raises(BakeError, match=r"The worker tcp://.* has the format \d+, but here it is -1; equal bytes need"):
        bake(small_field(), tmp_path / "w", texels=16, scheduler=two.scheduler_address)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://x"])
def test_no_scheduler_is_one_sentence(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_S", 1)
    with pytest.raises(BakeError, match=r"No dask scheduler answers at .*; start one with `dask scheduler`") as caught:
        bake(small_field(), tmp_path / "w", texels=16, scheduler=address)
    assert "\n" not in str(caught.value) and not list(tmp_path.iterdir())


def test_a_scheduler_that_dies_leaves_what_is_finished(tmp_path: Path, whole: dict[str, bytes]) -> None:
    made = _cluster(n_workers=1, processes=False)

    def progress(step: str, done: int, total: int) -> None:
        if step == "tiles" and 0 < done < total:
            made.close(timeout=5)

    with pytest.raises(cluster.ClusterError, match="finished tiles are kept, and the same command continues"):
        bake(small_field(), tmp_path / "w", texels=16, dress=True, scheduler=made.scheduler_address, progress=progress)
    assert not (tmp_path / "w").exists()
    result = bake(small_field(), tmp_path / "w", jobs=1, texels=16, dress=True)
    assert result.continued > 0 and files(tmp_path / "w") == whole


def test_a_cluster_without_workers_is_told(tmp_path: Path) -> None:
    with _cluster(n_workers=0, processes=False) as made, pytest.raises(BakeError, match="has no workers; start some"):
        bake(small_field(), tmp_path / "w", texels=16, scheduler=made.scheduler_address)
    assert not list(tmp_path.iterdir())


def test_without_the_extra_the_sentence_says_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BakeError, match=r"needs dask.distributed, which is not installed: pip install"):
        bake(small_field(), tmp_path / "w", texels=16, scheduler="tcp://127.0.0.1:9")
