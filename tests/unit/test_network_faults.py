"""Every planted fault of the headless network ends as in the page: the same code, in the same time, the lane free."""

from __future__ import annotations

from pathlib import Path

import pytest

from layerw.base.config import Network
from layerw.base.errors import LayerwError
from layerw.gpu import spec
from layerw.hosts.faults import KINDS, Fault, Limits, waiting_s
from tests.unit.test_transfers import Desk

NETWORK = Network(first_byte_s=0.5, stall_s=0.25, bytes_per_s_min=100.0)
CODES = {
    "status": spec.FAIL_NETWORK, "refused": spec.FAIL_NETWORK, "reset": spec.FAIL_NETWORK,
    "no_head": spec.FAIL_TIMEOUT, "stall": spec.FAIL_TIMEOUT, "trickle": spec.FAIL_TIMEOUT, "cut": spec.FAIL_HASH,
    "flip": spec.FAIL_HASH, "html": spec.FAIL_HASH, "bomb": spec.FAIL_TOO_LARGE,
}  # fmt: skip
HASH = "541b3e9daa09b20bf85fa273e5cbd3e80185aa4ec298e765db87742b70138a53"  # of 1000 zeros


def desk(tmp_path: Path, fault: Fault) -> Desk:
    """One lane; the first attempt of `a` fails so."""
    (tmp_path / "a").write_bytes(bytes(1000))
    (tmp_path / "b").write_bytes(b"x")
    made = Desk(tmp_path, lanes=1, fault=lambda url, attempt: fault if (url, attempt) == ("a", 1) else None)
    made.transfers.limit(NETWORK, 6)
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_ends_with_its_code_and_frees_the_lane(tmp_path: Path, kind: str) -> None:
    made = desk(tmp_path, Fault(kind))
    bad, behind = made.fetch("a", sha256=HASH), made.fetch("b", priority=-1)
    made.run(60)
    assert made.failed[bad].code == CODES[kind]
    assert made.done[behind].payload == b"x"
    again = made.fetch("a", sha256=HASH)
    made.run(3)
    assert made.done[again].payload == bytes(1000)
    for transfer in (bad, behind, again):
        made.transfers.release(transfer)
    made.run()
    assert made.host.transfers.live == {} and made.host.transfers.held_total_bytes == 0


def test_limits_end_a_fetch_in_their_time_and_a_slow_one_above_the_least_rate_never() -> None:
    limits = Limits(first_byte_s=3.0, stall_s=5.0, bytes_per_s_min=256.0)
    assert waiting_s(Fault("no_head"), 1000, limits) == 3.0
    assert waiting_s(Fault("stall"), 1000, limits) == 5.0
    assert waiting_s(Fault("trickle", bytes_per_s=1.0), 100_000, limits) == pytest.approx(5.0 / (1 - 1 / 256))
    assert waiting_s(Fault("trickle", bytes_per_s=256.0), 1_000_000, limits) == pytest.approx(1_000_000 / 256)
    assert waiting_s(Fault("stall"), 1000, limits.patient()) == 20.0
    assert waiting_s(None, 1000, limits) == 0.0


def test_a_patient_fetch_waits_longer_for_its_head(tmp_path: Path) -> None:
    made = desk(tmp_path, Fault("no_head"))
    bad = made.fetch("a", spec.FETCH_BYTES | spec.FETCH_PATIENT)
    made.run(100)
    assert bad not in made.failed
    made.run(30)
    assert made.failed[bad].message == "a was not answered within 2 s."


@pytest.mark.parametrize(("name", "value"), [("first_byte_s", 0), ("stall_s", -1.0), ("bytes_per_s_min", "fast"),
                                             ("retry_first_s", 0), ("retry_max_s", 0.1), ("settle_s", -1),
                                             ("retry_slow_max_s", 1.0)])
def test_network_settings_are_checked(name: str, value: object) -> None:
    with pytest.raises(LayerwError, match=name):
        Network(**{name: value})  # type: ignore[arg-type]
