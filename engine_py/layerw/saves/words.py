"""Words of a program in the user's language: `lw.Table`.

    words = lw.Table({"en": {"start": "Start", "coins": {"one": "{n} coin", "other": "{n} coins"}},
                      "de": {"start": "Los", "coins": {"one": "{n} Münze", "other": "{n} Münzen"}}})
    words("start"); words("coins", n=3)

Owns: which language is meant, and what is missing. Limits: plurals by the rules of RULES; others have "other" alone.
Source of the rules: Unicode CLDR 46, cardinals of whole numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from layerw.base import checks
from layerw.base.errors import ConfigError, KeyMissing, KindError
from layerw.base.host_port import Running
from layerw.base.settings import fixed_attributes

Words = Mapping[str, Any]
FALLBACK = "en"
ONE_AND_OTHER = ("bg", "ca", "da", "de", "el", "en", "es", "et", "eu", "fi", "gl", "hu", "it", "nb", "nl", "no", "pt",
                 "sv", "tr")  # fmt: skip
SLAVIC = ("be", "ru", "sr", "hr", "bs", "uk")


def language(options: Mapping[str, Any]) -> str:
    """Of the user, as a host's options have it: "de-CH"."""
    return str(options.get("language") or FALLBACK)


def plural(locale: str, n: float) -> str:
    """"one", "few", "many" or "other"."""
    kind = locale.split("-")[0].lower()
    whole = n == int(n)
    if kind == "fr":
        return "one" if 0 <= n < 2 else "other"
    if kind in ONE_AND_OTHER:
        return "one" if n == 1 else "other"
    if not whole:
        return "other"
    last, two = abs(int(n)) % 10, abs(int(n)) % 100
    few = 2 <= last <= 4 and not 12 <= two <= 14
    if kind in SLAVIC:
        return "one" if last == 1 and two != 11 else "few" if few else "other" if kind in ("sr", "hr", "bs") else "many"
    if kind == "pl":
        return "one" if n == 1 else "few" if few else "many"
    if kind in ("cs", "sk"):
        return "one" if n == 1 else "few" if 2 <= n <= 4 else "other"
    return "other"


@fixed_attributes
class Table:
    """Texts by language and name; calling it gives one: `words("coins", n=3)`.

    Args:
        texts: {"en": {"start": "Start"}, "de": {...}}: by language, then by name. A text may hold {names} of what it is
            called with; {"one": ..., "few": ..., "many": ..., "other": ...} chooses by `n`.
        locale: None: the user's language, as the browser says it (`app.locale`).

    Raises:
        KindError, ConfigError: it is no such table, or has no text.
    """

    def __init__(self, texts: Mapping[str, Words], *, locale: str | None = None) -> None:
        if not isinstance(texts, Mapping) or not all(isinstance(one, Mapping) for one in texts.values()):
            raise KindError(f'Table texts is {checks.shown(texts)}; it takes {{"en": {{"start": "Start"}}}}.')
        if not texts:
            raise ConfigError("Table texts has no language.")
        self._texts = {name.lower(): dict(one) for name, one in texts.items()}
        self._locale = None if locale is None else checks.text("Table locale", locale)

    @property
    def locale(self) -> str:
        """The language that is meant, "de-CH"; assign another one, or None for the user's."""
        return self._locale or language(_options())

    @locale.setter
    def locale(self, locale: str | None) -> None:
        self._locale = None if locale is None else checks.text("Table locale", locale)

    @property
    def languages(self) -> tuple[str, ...]:
        """Those that it has."""
        return tuple(self._texts)

    @property
    def language(self) -> str:
        """The one of those that is taken now: the nearest to `locale`, else English, else the first."""
        return self._nearest()[0]

    def __call__(self, name: str, **values: Any) -> str:
        """A text, with its {names} replaced.

        Args:
            name: of the text.
            values: of its {names}; `n` chooses the plural as well.

        Raises:
            KeyMissing: no language has it, or a {name} has no value.
        """
        checks.text("Table name", name)
        for kind in self._nearest():
            found = self._texts[kind].get(name)
            if isinstance(found, Mapping):
                found = found.get(plural(kind, values.get("n", 0)), found.get("other"))
            if found is not None:
                try:
                    return str(found).format(**values)
                except (KeyError, IndexError) as error:
                    raise KeyMissing(f"The text {name!r} is {found!r}; it was called without {error}.") from error
        known = {one for texts in self._texts.values() for one in texts}
        raise KeyMissing(f"There is no text {name!r}.{checks.did_you_mean(name, known)}")

    def missing(self) -> dict[str, list[str]]:
        """By language the names that others have and it has not."""
        known = {one for texts in self._texts.values() for one in texts}
        return {kind: sorted(known - texts.keys()) for kind, texts in self._texts.items() if known - texts.keys()}

    def _nearest(self) -> list[str]:
        """Languages in the order in which they are asked."""
        wanted = self.locale.lower()
        kind = wanted.split("-")[0]
        near = [one for one in self._texts if one.split("-")[0] == kind]
        order = [wanted, kind, *near, FALLBACK, *self._texts]
        return list(dict.fromkeys(one for one in order if one in self._texts))


def _options() -> Mapping[str, Any]:
    host = getattr(Running.app, "host", None)
    return {} if host is None else host.options()
