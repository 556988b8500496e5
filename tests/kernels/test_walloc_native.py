"""The allocator compiled by gcc with sanitizers, driven by fuzz_walloc.c; and that driver against planted faults."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
KERNELS = HERE.parents[1] / "engine_py" / "kernels"
FLAGS = ("-O1", "-g", "-std=gnu11", "-Wall", "-Wextra", "-DLW_DEBUG", "-fsanitize=address,undefined",
         "-fno-sanitize-recover=all")
PLANTS = {  # file, what is there, what is planted
    "a stagger without room": ("spans.c", "span->size >= size + shift &&", "span->size >= size &&"),
    "a slot that stays taken for free": ("slabs.c", "slab->bits[word] = bits & (bits - 1);",
                                         "slab->bits[word] = bits;"),
    "alloc and free disagree on the class": ("slabs.c", "uint32_t size = class_bytes[slab->class];\n    slab_region",
                                             "uint32_t size = class_bytes[slab->class] / 2;\n    slab_region"),
    "static data is handed out": ("pages.c", "lw_align_up(lw_first_free_byte(), 16)", "16"),
    "a kept span that can be freed again": ("spans.c", "if (span_at(record)->state != 0)",
                                            "if (span_at(record)->state == LW_SPAN_FREE)"),
    "growth past the budget": ("pages.c", "end > lw_pages.end_page)", "end > lw_pages.end_page + 99)"),
}


def build(sources: Path, program: Path) -> Path:
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("gcc is not installed: no sanitizers for the native build")
    include = [f"-I{sources / folder}" for folder in ("", "include", "memory", "layer")]
    files = [*sorted(map(str, (sources / "memory").glob("*.c"))), str(sources / "layer" / "error.c"),
             str(HERE / "fuzz_walloc.c")]
    done = subprocess.run([compiler, *FLAGS, *include, *files, "-o", str(program)], capture_output=True, text=True,
                          timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return program


def fuzz(program: Path, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([program, *arguments], input=given, capture_output=True, text=True, timeout=240, check=False)


def test_random_work_keeps_every_promise_under_sanitizers(tmp_path: Path) -> None:
    done = fuzz(build(KERNELS, tmp_path / "fuzz"), "1", "60", "2000")
    assert done.returncode == 0, done.stderr[-3000:]


def test_the_corpus_keeps_every_promise_under_sanitizers(tmp_path: Path) -> None:
    """The seeds that 220,000 of 2,000 steps each left as the ones that go everywhere (tools/fuzz-walloc.sh)."""
    seeds = (HERE / "corpus" / "walloc.txt").read_text("utf-8")
    done = fuzz(build(KERNELS, tmp_path / "fuzz"), "-", "2000", given=seeds)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.startswith(f"{len(seeds.split())} seeds")


def test_ten_million_pairs_leave_nothing_behind(tmp_path: Path) -> None:
    done = fuzz(build(KERNELS, tmp_path / "fuzz"), "0", "10000000")
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_fault_is_found(tmp_path: Path, plant: str) -> None:
    name, good, bad = PLANTS[plant]
    shutil.copytree(KERNELS, tmp_path / "kernels")
    path = tmp_path / "kernels" / "memory" / name
    text = path.read_text("utf-8")
    assert text.count(good) == 1, "the planted line moved"
    path.write_text(text.replace(good, bad), "utf-8")
    done = fuzz(build(tmp_path / "kernels", tmp_path / "fuzz"), "1", "60", "2000")
    assert done.returncode != 0
