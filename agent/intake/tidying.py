"""Characters that no store or JSON can carry are replaced, visibly; everything else stays as it came."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from agent.errors import AlertInvalid
from agent.intake.strict_json import JsonFault, name_json_type

_MIXABLE = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN")
_BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0"
_UNTYPED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class Tidier:
    """Walks a payload and counts what it replaced: NUL (no SQL text holds it) and lone surrogates (no UTF-8 does)."""

    def __init__(self) -> None:
        self.nuls = 0
        self.surrogates = 0

    def tidy(self, value: Any) -> Any:
        """The value with storable strings. Raises AlertInvalid on a `JsonFault` or a type JSON does not have."""
        if isinstance(value, str):
            return self._tidy_text(value)
        if isinstance(value, Mapping):
            return {self._tidy_key(key): self.tidy(part) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.tidy(part) for part in value]
        if isinstance(value, JsonFault):
            raise AlertInvalid(value.sentence)
        if value is None or isinstance(value, int | float):
            return value
        raise AlertInvalid(f"a value of type {type(value).__name__} has no place in an alert")

    def notes(self) -> tuple[str, ...]:
        """What was replaced, in sentences."""
        notes = []
        if self.nuls:
            notes.append(f"NUL characters (U+0000) are stored as ␀: {self.nuls:,}.")
        if self.surrogates:
            notes.append(f"Lone surrogates are stored as U+FFFD: {self.surrogates:,}.")
        return tuple(notes)

    def _tidy_key(self, key: Any) -> str:
        if not isinstance(key, str):
            raise AlertInvalid(f"a field name must be text, not {name_json_type(key)}")
        return self._tidy_text(key)

    def _tidy_text(self, text: str) -> str:
        if "\0" in text:
            self.nuls += text.count("\0")
            text = text.replace("\0", "␀")
        if text.isascii():
            return text
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            # Two halves that belong together are one character; what is left alone becomes U+FFFD.
            before = text.count("\ufffd")
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
            self.surrogates += text.count("\ufffd") - before
        return text


def has_text(text: str) -> bool:
    """Whether anything visible is there: not only spaces, controls, zero-width or blank-looking characters."""
    return any(
        unicodedata.category(char)[0] not in "ZC" and char not in _BLANK_LETTERS and char != "␀"
        for char in text
        if not char.isspace()
    )


def find_untypable(text: str) -> str | None:
    """The first character of an id that nobody can see or type, such as a zero-width space or U+FFFD."""
    return next((c for c in text if unicodedata.category(c) in _UNTYPED or c in "\ufffd␀"), None)


def find_mixed_scripts(name: str) -> tuple[str, ...]:
    """The look-alike alphabets a name mixes, as ``("Latin", "Cyrillic")``; empty when it keeps to one."""
    if name.isascii():
        return ()
    words = {unicodedata.name(char, "").split(" ")[0] for char in name if char.isalpha()}
    found = tuple(script.capitalize() for script in _MIXABLE if script in words)
    return found if len(found) > 1 else ()
