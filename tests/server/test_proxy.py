"""The recipes of docs/deploy.md: nginx with TLS in front of a node, and the unit for systemd."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from layerw.net import wire

from .live import TILE, TILE_NAME
from .node_support import ServedNode, ends_with_us, wait

PAGE = Path(__file__).resolve().parents[2] / "docs" / "deploy.md"
NAME = "game.example"


def recipe(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Proxy:
    """nginx as the page says, on a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.node = ServedNode(folder, f"allow_hosts={NAME}:{self.port}")
        self.certificate = folder / "cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-keyout", str(folder / "key.pem"), "-out", str(self.certificate), "-days", "2",
                        "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"],
                       check=True, capture_output=True)  # fmt: skip
        text = recipe("nginx").replace("127.0.0.1:8000", f"127.0.0.1:{self.node.port}")
        text = text.replace("listen 443", f"listen 127.0.0.1:{self.port}")
        text = re.sub(r"/etc/letsencrypt/\S*fullchain.pem", str(self.certificate), text)
        text = re.sub(r"/etc/letsencrypt/\S*privkey.pem", str(folder / "key.pem"), text)
        config = folder / "nginx.conf"
        temporary = "".join(f"{name}_temp_path {folder}/{name};" for name in
                            ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))  # fmt: skip
        config.write_text(f"daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
                          f"events {{}}\nhttp {{ access_log off; {temporary}\n{text}}}\n")  # fmt: skip
        self._nginx = subprocess.Popen(ends_with_us(["nginx", "-e", f"{folder}/error.log", "-c", str(config)]))
        wait(self._listens)
        self.context = ssl.create_default_context(cafile=str(self.certificate))

    def _listens(self) -> bool:
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", self.port)) == 0

    def get(self, path: str, **headers: str) -> tuple[dict[str, str], bytes]:
        """A file by TLS, under the public name."""
        import http.client

        class Here(http.client.HTTPSConnection):
            """The name leads to this machine."""

            def connect(here) -> None:
                plain = socket.create_connection(("127.0.0.1", self.port), 20)
                here.sock = self.context.wrap_socket(plain, server_hostname=NAME)

        connection = Here(NAME, self.port, context=self.context)
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return {"status": str(answer.status), **{name.lower(): value for name, value in answer.headers.items()}}, body

    def close(self) -> None:
        self._nginx.terminate()
        self._nginx.wait(10)
        assert self.node.close() == 0


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    for command in ("nginx", "openssl"):
        if shutil.which(command) is None:
            pytest.skip(f"{command} is missing; tools/buses.sh installs nginx")
    found = Proxy(tmp_path_factory.mktemp("proxy"))
    yield found
    found.close()


def test_pages_and_parts_of_files_come_through_with_their_headers(proxy: Proxy) -> None:
    headers, _ = proxy.get("/")
    assert headers["status"] == "200" and headers["cross-origin-opener-policy"] == "same-origin"
    headers, body = proxy.get(f"/app/world/{TILE_NAME}", Range="bytes=10-19")
    assert headers["status"] == "206" and body == TILE[10:20] and headers["etag"]
    headers, _ = proxy.get(f"/app/world/{TILE_NAME}", **{"If-None-Match": headers["etag"]})
    assert headers["status"] == "304"
    assert proxy.get("/metrics")[0]["status"] == "403"


def test_players_come_through_and_pages_of_other_origins_do_not(proxy: Proxy) -> None:
    def join(origin: str) -> int:
        plain = socket.create_connection(("127.0.0.1", proxy.port), 20)
        with connect(f"wss://{NAME}:{proxy.port}/room/arena", sock=plain, ssl=proxy.context, server_hostname=NAME,
                     origin=origin, compression=None) as player:  # type: ignore[arg-type]  # fmt: skip
            player.send(wire.value_message(wire.HELLO, {"schema": proxy.node.schema, "token": ""}))
            kinds = [player.recv(20)[0] for _ in range(6)]
            assert kinds[0] == wire.WELCOME and wire.SNAPSHOT in kinds
            return len(kinds)

    assert join(f"https://{NAME}:{proxy.port}")
    with pytest.raises(InvalidStatus, match="403"):
        join("https://evil.example")


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is missing")
    command = tmp_path / "layerw"
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    unit = tmp_path / "game.service"
    unit.write_text(recipe("ini").replace("/opt/game/.venv/bin/layerw", str(command)))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(unit)],
                          capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
    assert "game.service" not in done.stdout + done.stderr, done.stderr
    assert "serve /opt/game/main.py" in unit.read_text()
