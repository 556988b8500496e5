"""The server behind a view: one program on a loopback port, on a thread of the kernel.

Owns: the newest SERVED_MAX programs of a kernel; an older one's server ends, since every run of a cell makes one.
"""

from __future__ import annotations

import secrets
import shutil
import sys
import tempfile
from collections import deque
from contextlib import ExitStack
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from layerw.base.errors import ConfigError, LayerwError

from ...http.app import create_app
from ...http.background import background_server
from ...http.serve import ServeError, bind
from ...http.web import web_folder
from ...runtime import RuntimeUnavailable, SumMismatch, ensure

SERVED_MAX = 8


class Served:
    """One program, until close()."""

    _all: ClassVar[deque[Served]] = deque()

    def __init__(self, files: dict[str, bytes] | Path, *, port: int, address: str) -> None:
        """files: of a program, main.py among them; or the path of one that lies there.

        Raises:
            LayerwError: the port is taken, or there is no runtime and no network to get it.
            ConfigError: the address is none.
        """
        self.token = secrets.token_urlsafe(16)
        self._open = ExitStack()
        if isinstance(files, Path):
            self.program = files
        else:
            folder = Path(tempfile.mkdtemp(prefix="layerw-notebook-"))
            self._open.callback(shutil.rmtree, folder, ignore_errors=True)
            for name, data in files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(data)
            self.program = folder / "main.py"
        self.address = ""
        self._port, self._asked = port, address

    def start(self) -> None:
        """Listen. Raises as the class."""
        try:
            runtime = ensure()
            listener = bind("127.0.0.1", self._port)
            port = listener.getsockname()[1]
            listener.close()
        except (RuntimeUnavailable, SumMismatch, ServeError) as error:
            raise LayerwError(str(error)) from None
        address = self._asked.replace("{port}", str(port)) if self._asked else _of_colab(port)
        hosts = []
        if address:
            parts = urlsplit(address)
            if parts.scheme not in ("http", "https") or not parts.netloc:
                raise ConfigError(f"lw.show's address is {self._asked!r}, expected https://HOST/…/{{port}}/ in whole.")
            hosts.append(parts.netloc)
        app = create_app(program=self.program, runtime=runtime, web=web_folder(), dev=False, allow_hosts=hosts)
        own = self._open.enter_context(background_server(app, port))
        self.address = address or own
        self._all.append(self)
        while len(self._all) > SERVED_MAX:
            self._all[0].close()

    def close(self) -> None:
        """End it."""
        if self in self._all:
            self._all.remove(self)
        self._open.close()
        self.address = ""


def _of_colab(port: int) -> str:
    """Where Colab shows a port of the kernel; "" elsewhere."""
    if "google.colab" not in sys.modules:
        return ""
    from google.colab.output import eval_js

    return str(eval_js(f"google.colab.kernel.proxyPort({port})"))
