"""Branches of the quadtree on the workers of a dask.distributed cluster (`layerw[cluster]`, `--scheduler ADDRESS`).

Owns: connecting, sending what branches are made from to each worker once, handing out branches, taking tiles back.
Does not: start a cluster, or make tiles (tilework.py): the same function does that here and there.
Limits: no disk is shared. A worker keeps the grids in its own local directory (its temporary space), about as many
bytes as the stage's work folder has here. Equal bytes need equal versions of layerw, numpy, pillow and Python.

A worker that is lost gives its branches to others, dask sees to that; one that joins late, or comes back with an empty
disk, answers NEEDS and is sent the grids. A branch that killed RETRIES workers ends the bake. What is finished is kept.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from layerw_server.bake.errors import BakeError
from layerw_server.bake.fields import Fields
from layerw_server.bake.quadtree import Node
from layerw_server.bake.stage import FORMAT, save_branch
from layerw_server.bake.textures import U8
from layerw_server.bake.tilework import TILES_FOLDER, TileRecord, World, write_branch

CONNECT_S, IDLE_S_MAX, POLL_S, RETRIES = 10, 60.0, 1.0, 3
PIECE_BYTES = 16 << 20
NOT_SENT = ("branch-", "state", "shaped")  # of the work folder: what only this machine reads
NEEDS = "needs"
Made = tuple[dict[str, TileRecord], U8, dict[str, bytes]]


class ClusterError(BakeError):
    """The cluster failed while it worked: what is finished stays, and the same command continues."""


def need_dask() -> None:
    """Refuse where the client is not installed."""
    if importlib.util.find_spec("distributed") is None:
        raise BakeError("--scheduler needs dask.distributed, which is not installed: pip install 'layerw[cluster]'.")


def connect(address: str) -> Any:
    """A client of the cluster, whose workers can bake.

    Raises:
        BakeError: nobody answers, there is no worker, or one has other versions.
    """
    need_dask()
    import logging

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # this command says what matters, in a sentence
    try:
        client = _dask().Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise BakeError(f"No dask scheduler answers at {address!r} within {CONNECT_S} s ({_short(error)}); start one "
                        "with `dask scheduler`, and give the address that it prints (tcp://HOST:8786).") from None
    try:
        if not client.scheduler_info(n_workers=-1)["workers"]:
            raise BakeError(f"The scheduler at {address} has no workers; start some with `dask worker {address}`.")
        _check_versions(client)
    except BaseException:
        close(client)
        raise
    return client


def run(
    client: Any, world: World, branches: list[Node], folder: Path, work: Path, key: str,
) -> Iterator[tuple[str, dict[str, TileRecord]]]:
    """Make every branch on the cluster and yield its records as its files are here.

    Raises:
        BakeError: the cluster is gone, has had no worker for IDLE_S_MAX seconds, or a branch killed several workers.
    """
    token = f"layerw-{key[:24]}"
    largest_first = sorted(branches, key=lambda b: -len(b.walk()))
    names: dict[Any, Node] = {}
    idle_since = time.monotonic()
    try:
        with _connected():
            names = {_submit(client, world, branch, token): branch for branch in largest_first}
        while names:
            if _workers(client):
                idle_since = time.monotonic()
            elif time.monotonic() - idle_since > IDLE_S_MAX:
                raise ClusterError(f"The cluster has had no worker for {IDLE_S_MAX:.0f} s; finished tiles are kept, "
                                   "and the same command continues.")
            for future in _done(client, names):
                branch = names.pop(future)
                made = _result(future, branch)
                if made[0] != NEEDS:
                    yield branch.name, _keep(made, branch, folder, work)
                    continue
                with _connected():
                    if not _call(client, made[1], _is_complete, token):
                        _send(client, made[1], work, token)
                    names[_submit(client, world, branch, token)] = branch
    finally:
        _let_go(client, list(names), token)


@contextlib.contextmanager
def _connected() -> Iterator[None]:
    try:
        yield
    except (OSError, TimeoutError) as error:
        raise _gone(error) from None


def _done(client: Any, names: dict[Any, Node]) -> list[Any]:
    """What is finished by now, after at most POLL_S."""
    with _connected(), client.as_current():
        try:
            done = _dask().wait(list(names), timeout=POLL_S, return_when="FIRST_COMPLETED").done
        except TimeoutError:
            return []
    return sorted(done, key=lambda future: names[future].name)


def _submit(client: Any, world: World, branch: Node, token: str) -> Any:
    return client.submit(_make_there, world, branch, token, pure=False, retries=RETRIES)


def _workers(client: Any) -> list[str]:
    if client.status != "running":
        raise _gone(None)
    return list(client.scheduler_info(n_workers=-1)["workers"])


def _result(future: Any, branch: Node) -> Any:
    if future.status == "cancelled" or future.status == "lost":
        raise _gone(None)
    try:
        return future.result(timeout=CONNECT_S * 6)
    except BakeError:
        raise
    except (OSError, TimeoutError) as error:
        raise _gone(error) from None
    except Exception as error:
        raise ClusterError(f"The cluster can't make the tiles under {branch.name} ({_short(error)}); finished "
                           "tiles are kept.") from None


def _gone(error: BaseException | None) -> ClusterError:
    why = f" ({_short(error)})" if error is not None else ""
    return ClusterError(f"The connection to the dask scheduler was lost{why}; finished tiles are kept, and the same "
                        "command continues, with or without --scheduler.")


def _keep(made: Made, branch: Node, folder: Path, work: Path) -> dict[str, TileRecord]:
    records, texture, contents = made
    for uri, data in contents.items():
        (folder / uri).write_bytes(data)
    save_branch(work, branch.name, (records, texture))
    return records


def _let_go(client: Any, futures: list[Any], token: str) -> None:
    """Best effort: a cluster that is gone has nothing to clean up."""
    with contextlib.suppress(Exception):
        if client.status == "running":
            client.cancel(futures, force=True)
            client.run(_forget, token, on_error="ignore")


def close(client: Any) -> None:
    """Hang up; twice is fine, and a scheduler that is gone too."""
    with contextlib.suppress(Exception):
        client.close(timeout=2)


# -- grids to workers ------------------------------------------------------------------------------------------------


def _send(client: Any, worker: str, work: Path, token: str) -> None:
    """The work folder's grids, piece by piece, into a worker's local directory."""
    import zstandard

    pack = zstandard.ZstdCompressor(level=1)
    for path in sorted(p for p in work.glob("*.npy") if not p.name.startswith(NOT_SENT)):
        with path.open("rb") as file:
            first = True
            while (piece := file.read(PIECE_BYTES)) or first:
                _call(client, worker, _receive, token, path.name, pack.compress(piece), first)
                first = False
    _call(client, worker, _complete, token)


def _call(client: Any, worker: str, function: Any, *args: Any) -> Any:
    """A worker that is lost meanwhile answers None: its branches go to others."""
    return client.run(function, *args, workers=[worker], on_error="ignore").get(worker)


# -- what runs on workers --------------------------------------------------------------------------------------------


def _about() -> dict[str, str]:
    names = {name: importlib.metadata.version(name) for name in ("layerw", "numpy", "pillow")}
    return {**names, "the format": str(FORMAT), "Python": platform.python_version().rpartition(".")[0]}


def _check_versions(client: Any) -> None:
    mine = _about()
    for worker, theirs in client.run(_about, on_error="return").items():
        if isinstance(theirs, BaseException):
            raise BakeError(f"The worker {worker} can't bake ({_short(theirs)}); install the same layerw there: "
                            "pip install 'layerw[cluster]'.")
        for name, version in mine.items():
            if theirs.get(name) != version:
                raise BakeError(f"The worker {worker} has {name} {theirs.get(name)}, but here it is {version}; equal "
                                "bytes need equal versions.")


def _place(token: str, dask_worker: Any = None) -> Path:
    if dask_worker is None:
        dask_worker = _dask().get_worker()
    return Path(dask_worker.local_directory) / token


def _receive(token: str, name: str, packed: bytes, first: bool, dask_worker: Any = None) -> None:
    import zstandard

    folder = _place(token, dask_worker)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("wb" if first else "ab") as file:
        file.write(zstandard.ZstdDecompressor().decompress(packed, max_output_size=PIECE_BYTES))


def _complete(token: str, dask_worker: Any = None) -> None:
    (_place(token, dask_worker) / "complete").touch()


def _is_complete(token: str, dask_worker: Any = None) -> bool:
    return (_place(token, dask_worker) / "complete").is_file()


def _forget(token: str, dask_worker: Any = None) -> None:
    shutil.rmtree(_place(token, dask_worker), ignore_errors=True)


def _make_there(world: World, branch: Node, token: str) -> Any:
    """A branch's records, top texture and files; or (NEEDS, address) where the grids are not here yet."""
    worker = _dask().get_worker()
    work = _place(token, worker)
    if not _is_complete(token, worker):
        return NEEDS, worker.address
    with tempfile.TemporaryDirectory(dir=worker.local_directory) as name:
        folder = Path(name)
        (folder / TILES_FOLDER).mkdir()
        records, texture = write_branch(world, Fields.load(work), branch, folder)
        return records, texture, {f"{TILES_FOLDER}/{p.name}": p.read_bytes() for p in sorted(folder.rglob("*.glb"))}


def _dask() -> Any:
    """Imported when it is used: it is an extra, and slow to import."""
    import distributed

    return distributed


def _short(error: BaseException) -> str:
    text = " ".join(str(error).split())[:160].rstrip(".")
    return text or type(error).__name__
