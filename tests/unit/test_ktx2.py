"""KTX2 files of Basis: the header's checks, what is kept of it, the ledger's bytes."""

from __future__ import annotations

import base64
import json
import random
import struct
from pathlib import Path
from typing import Any

import pytest
from test_app_contents import make

import layerw as lw
from layerw.gpu import spec
from layerw.gpu.records import compressed_bytes
from layerw.hosts import ktx2
from layerw.hosts.containers import FormatError
from tests.unit.gltf_mutations import data_uri, whole

# Made by ktx2-encoder 0.6.0: 16 x 16 texels with five levels.
FILES = {name: base64.b64decode(data) for name, data in
         json.loads((Path(__file__).parent / "ktx2_files.json").read_text()).items()}  # fmt: skip
UASTC = FILES["uastc"]


def changed(offset: int, format_: str, value: int) -> bytes:
    data = bytearray(UASTC)
    struct.pack_into(format_, data, offset, value)
    return bytes(data)


@pytest.mark.parametrize("name", sorted(FILES))
def test_headers_are_read(name: str) -> None:
    header = ktx2.read_header(FILES[name])
    assert header == (16, 16, 5, name.startswith("uastc"))
    normals = header.kept(0, directions=True)
    assert spec.TEXTURE_FAMILIES[normals[2]] == ("bc5" if header.is_uastc else "bc7") and normals[3] == 5
    assert header.kept(0) == (16, 16, 2, 5) and header.kept(8) == (8, 8, 2, 4) and header.kept(2) == (2, 2, 0, 1)
    assert ktx2.texels_bytes(16, 16, 2, 5) == 16 * (16 + 4 + 1 + 1 + 1)


@pytest.mark.parametrize(("data", "says"), [
    (UASTC[:60], "60 bytes ends inside of its header of 80"),
    (changed(12, "<I", 37), "Vulkan's format 37; only those of Basis"),
    (changed(20, "<I", 0), "0 x 16 x 0 texels"),
    (changed(20, "<I", 2**31), "2147483648 x 16"),
    (changed(24, "<I", 20_000), "at most 16384 on a side"),
    (changed(28, "<I", 1), "16 x 16 x 1 texels"),
    (changed(32, "<I", 7), "7 layers"),
    (changed(36, "<I", 6), "6 faces"),
    (changed(40, "<I", 6), "6 levels; 1 to 5 are read"),
    (changed(44, "<I", 3), "packed by scheme 3"),
    (changed(48, "<I", 2**32 - 1), "its description at byte 4294967295"),
    (changed(80, "<Q", 2**60), "Level 0 of the KTX2 file lies at byte 1152921504606846976"),
    (changed(88, "<Q", 0), "0 bytes long"),
    (changed(96, "<Q", 2**40), "says that it has 1099511627776 bytes; 16 x 16 texels have 256"),
])  # fmt: skip
def test_a_header_that_lies_is_refused(data: bytes, says: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=says):
        ktx2.read_header(data)
    model, host, _ = loaded(tmp_path, data)
    assert model.state == "ready" and any("images[0]" in text and says in text for text in model.warnings)
    assert host.errors == []


def loaded(folder: Path, data: bytes, **options: Any) -> tuple[lw.Model, Any, lw.App]:
    document = whole()
    document["nodes"][3].pop("skin")  # which warns of its bind matrices
    document["images"][0] = {"uri": data_uri("image/ktx2", data), "mimeType": "image/ktx2"}
    document["textures"][0] = {"extensions": {"KHR_texture_basisu": {"source": 0}}}
    document["extensionsRequired"] = ["KHR_texture_basisu"]
    (folder / "m.gltf").write_text(json.dumps(document))
    app, host = make(folder)
    model = app.load("m.gltf", **options)
    host.step(app, 60)
    return model, host, app


@pytest.mark.parametrize(("side", "size"), [(1024, 16), (8, 8)])
def test_a_texture_takes_its_compressed_bytes(tmp_path: Path, side: int, size: int) -> None:
    model, host, app = loaded(tmp_path, FILES["etc1s"], max_texture_side=side)
    assert model.state == "ready" and model.warnings == []
    found = [texture for texture, (width, *_) in host.sink.textures.items() if texture in host.sink.compressed]
    assert [host.sink.textures[texture][:2] for texture in found] == [(size, size)] * 2, "as colours and as numbers"
    assert host.sink.compressed[found[0]] == compressed_bytes(size, size, 2, size.bit_length())
    assert host.sink.gpu_bytes <= app._engine.store.committed.used_bytes
    host.lose_device()
    host.step(app, 10)
    assert len(host.sink.compressed) == 2, "they come back from their backups"
    model.close()
    host.step(app, 3)
    assert host.sink.compressed == {} and host.errors == []


def test_no_change_of_a_file_ends_in_another_error() -> None:
    rng = random.Random(5)
    outcomes = set()
    for name in [*FILES] * 500:
        data = bytearray(FILES[name])
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(12, len(data))] = rng.choice((0, 1, 255, rng.randrange(256)))
        try:
            header = ktx2.read_header(bytes(data[: rng.choice((len(data), rng.randrange(len(data))))]))
            assert ktx2.texels_bytes(*header.kept(0)) <= 4 * header.width * header.height + 64
            outcomes.add("read")
        except FormatError:
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}
