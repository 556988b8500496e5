"""The questions that the page asks, and what answers each.

Owns: the parts of one open inspector, and the console's names. Does not: know how they are shown (web/inspector).
Limits: ERRORS are answered as sentences; what the console prints is cut at PRINTED_MAX characters.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from layerw.app import App
from layerw.base.errors import LayerwError
from layerw.debugging.console import Nothing, completions, evaluate
from layerw.debugging.summaries import summary, type_name
from layerw.scene.entity import Entity

from . import fields, figures
from .picture import Picture
from .spawns import ROOT, Spawns
from .stages import Stages
from .timeline import Timeline
from .tree import Tree, entity_of

PRINTED_MAX = 20_000
Asked = Mapping[str, Any]


class Inspector:
    """Of one program, from its opening to its closing."""

    def __init__(self, app: App, spawns: Spawns, root: str = ROOT) -> None:
        self._app, self._engine, self._root, self._spawns = app, app._engine, root, spawns
        self._tree = Tree(self._engine, root)
        self._picture = Picture(self._engine)
        self._timeline = Timeline(app)
        self._stages = Stages(self._engine, root, self._timeline.note)
        self._stages.begin()
        self._last: object = None  # `_` of the console

    def close(self) -> None:
        """Leaves everything as it was; a program that stands in its past goes on."""
        self._timeline.resume()
        self._stages.end()

    def answer(self, asked: Asked) -> dict[str, Any]:
        """{"value": ...} or {"error": a sentence}."""
        call = _QUESTIONS.get(asked["do"])
        if call is None:
            return {"error": f"There is no question {asked['do']!r}."}
        try:
            return {"value": call(self, asked)}
        except (LayerwError, LookupError) as error:
            return {"error": str(error.args[0]) if error.args else type(error).__name__}
        except Exception as error:
            return {"error": f"{type(error).__name__}: {error}"}

    def _entity(self, asked: Asked) -> Entity:
        return entity_of(self._engine, int(asked["row"]), int(asked["birth"]))

    # -- the scene -------------------------------------------------------------------------------

    def _lines(self, asked: Asked) -> dict[str, Any]:
        return self._tree.lines(int(asked["start"]), int(asked["count"]), list(asked["open"]), str(asked["find"]))

    def _pick(self, asked: Asked) -> dict[str, Any] | None:
        width, height = self._engine.input.size
        x, y = (float(one) for one in asked["at"])
        hit = self._app.pick(x * width, y * height)
        return None if hit is None else self._found(hit.entity)

    def _found(self, entity: Entity) -> dict[str, Any]:
        row = entity.first_row
        group, place = self._tree.place(row)
        return {"row": row, "birth": int(self._engine.table.birth[row]), "group": group, "place": place,
                "name": self._tree.name(row)[0] or f"entity {row}"}

    def _find(self, asked: Asked) -> dict[str, Any] | None:
        """The entity of that name, say after the program began anew."""
        row = self._tree.row(str(asked["name"]))
        return None if row is None else self._found(Entity(self._engine.table, row))

    def _fields(self, asked: Asked) -> dict[str, Any]:
        entity = self._entity(asked)
        parent = entity.parent
        site = self._spawns.site(int(asked["birth"]))
        name, module = self._tree.name(entity.first_row)
        return {"components": fields.described(entity), "static": bool(entity._is_static()),
                "parent": self._found(parent) if parent is not None else None,
                "site": site._asdict() if site else None, "name": name, "module": module}

    def _put(self, asked: Asked) -> None:
        fields.put(self._entity(asked), str(asked["component"]), str(asked["field"]), list(asked["value"]))

    def _look(self, asked: Asked) -> dict[str, Any]:
        return self._picture.look(self._entity(asked), str(asked["mode"]))

    def _drag(self, asked: Asked) -> None:
        self._picture.drag(self._entity(asked), str(asked["mode"]), int(asked["axis"]), list(asked["start"]),
                           list(asked["now"]), bool(asked["first"]))  # fmt: skip

    # -- figures ---------------------------------------------------------------------------------

    def _memory(self, _asked: Asked) -> dict[str, Any]:
        return {"ledgers": figures.ledgers(self._engine), "assets": figures.assets(self._engine)}

    def _worlds(self, _asked: Asked) -> list[dict[str, Any]]:
        return figures.worlds(self._engine)

    def _passes(self, _asked: Asked) -> dict[str, Any]:
        passes = self._app.report()["passes"]
        stages = [{"name": name, "cpu_ms": round(ms, 3)} for name, ms in self._stages.means_ms.items()]
        return {"stages": stages, "passes": passes}

    def _record(self, asked: Asked) -> dict[str, Any]:
        return {"lacks": self._stages.record(float(asked["seconds"]))}

    def _recorded(self, _asked: Asked) -> str | None:
        """The recording as a file's text, None while it goes on."""
        if self._stages.is_recording:
            return None
        if self._stages.recorded is None:
            raise LookupError("Nothing was recorded yet.")
        return json.dumps({"displayTimeUnit": "ms", "traceEvents": self._stages.recorded})

    # -- time ------------------------------------------------------------------------------------

    def _time(self, _asked: Asked) -> dict[str, Any]:
        return {"span": round(self._timeline.span_s, 2), "at": self._timeline.at_s, "paused": self._app.paused}

    def _go(self, asked: Asked) -> dict[str, Any]:
        self._timeline.go(float(asked["back"]))
        return self._time(asked)

    def _resume(self, asked: Asked) -> dict[str, Any]:
        self._timeline.resume()
        return self._time(asked)

    def _pause(self, asked: Asked) -> dict[str, Any]:
        self._app.paused = bool(asked["paused"])
        return self._time(asked)

    # -- the console -----------------------------------------------------------------------------

    def _names(self) -> SimpleNamespace:
        names = vars(sys.modules["__main__"])
        return SimpleNamespace(f_globals=names, f_locals=names)

    def _run(self, asked: Asked) -> dict[str, Any]:
        """{"printed", "result", "type", "failed"}; the last value is `_`, the chosen entity `chosen`."""
        printed, names = io.StringIO(), self._names()
        text = str(asked["text"])
        more = {"_": self._last, "chosen": self._entity(asked) if asked.get("birth") else None}
        result: dict[str, Any] = {"result": "", "type": "", "failed": ""}
        hidden = {name: value for name, value in more.items() if name not in names.f_globals}
        names.f_globals.update(hidden)
        try:
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
                value = evaluate(text, names, statements=True)
            if value is not Nothing and value is not None:
                self._last = value
                result["result"], result["type"] = summary(value), type_name(value)
        except BaseException as error:
            own = (self._root, "<console>")
            kept = [one for one in traceback.extract_tb(error.__traceback__) if one.filename.startswith(own)]
            result["failed"] = "".join(traceback.format_list(kept) + traceback.format_exception_only(error)).rstrip()
        finally:
            for name, value in hidden.items():
                if names.f_globals.get(name) is value:
                    del names.f_globals[name]
        return {**result, "printed": printed.getvalue()[:PRINTED_MAX]}

    def _complete(self, asked: Asked) -> list[str]:
        return completions(str(asked["text"]), self._names())

    # -- the source ------------------------------------------------------------------------------

    def _source(self, asked: Asked) -> str:
        """The text of a file as it runs."""
        return Path(self._root, str(asked["file"])).read_text(encoding="utf-8")

    def _adopt(self, asked: Asked) -> None:
        """A file was written whose new numbers are in the scene already: nothing has to run again for them."""
        from layerw.live.reload import adopt

        adopt(self._root.rstrip("/"), str(asked["file"]), str(asked["text"]))


_QUESTIONS: dict[str, Callable[[Inspector, Asked], Any]] = {
    "lines": Inspector._lines, "pick": Inspector._pick, "find": Inspector._find, "fields": Inspector._fields,
    "put": Inspector._put, "look": Inspector._look, "drag": Inspector._drag, "memory": Inspector._memory,
    "worlds": Inspector._worlds, "passes": Inspector._passes, "record": Inspector._record,
    "recorded": Inspector._recorded, "time": Inspector._time, "go": Inspector._go, "resume": Inspector._resume,
    "pause": Inspector._pause, "run": Inspector._run, "complete": Inspector._complete, "source": Inspector._source,
    "adopt": Inspector._adopt, "open": lambda inspector, asked: None,
}  # fmt: skip
