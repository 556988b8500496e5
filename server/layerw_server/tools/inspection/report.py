"""The result of an inspection, as text and as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ERROR, WARNING, NOTE = "error", "warning", "note"
FINDINGS_MAX = 200


@dataclass
class Report:
    """`facts` and `tree` are for people, `data` for programs; findings are (level, text)."""

    kind: str
    name: str
    facts: list[tuple[str, str]] = field(default_factory=list)
    tree: list[str] = field(default_factory=list)
    findings: list[tuple[str, str]] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)

    def find(self, level: str, text: str) -> None:
        """Add a finding once."""
        if len(self.findings) < FINDINGS_MAX and (level, text) not in self.findings:
            self.findings.append((level, text))

    @property
    def failed(self) -> bool:
        """Whether something is wrong that stops it from being shown as it should."""
        return any(level == ERROR for level, _ in self.findings)

    def text(self) -> str:
        """Lines for a terminal."""
        wide = max((len(name) for name, _ in self.facts), default=0)
        lines = [f"{self.name}: {self.kind}", *(f"  {name:<{wide}}  {value}" for name, value in self.facts)]
        lines += ["", *(f"  {line}" for line in self.tree)] if self.tree else []
        lines += ["", *(f"  {level}: {text}" for level, text in self.findings)] if self.findings else [
            "", "  nothing wrong was found"]
        return "\n".join(lines)

    def json(self) -> dict[str, Any]:
        """The same for programs."""
        return {"name": self.name, "kind": self.kind, "facts": dict(self.facts), **self.data,
                "findings": [{"level": level, "text": text} for level, text in self.findings]}


def size(count: float) -> str:
    """1536 -> "1.5 KB"."""
    for unit in ("B", "KB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.2f} GB"
