"""Month and weekday names in the six reading languages."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from babel import Locale

from agent.reading.places import LANGUAGES

_WORD: Final = re.compile(r"[^\W\d_]+")
_NUMERIC_DATE: Final = re.compile(r"(?<!\d)(\d{1,4})[./-](\d{1,2})(?:[./-](\d{1,4}))?(?!\d)")
_RUSSIAN_ENDINGS: Final = ("ь", "я", "е", "ю", "ем", "", "а", "у", "ом", "й", "ям")
_SHORTEST_ABBREVIATION: Final = 3


def months_in(text: str) -> frozenset[int]:
    """The months, 1 to 12, that a text names or writes as part of a numeric date."""
    words = _month_words()
    found = {words[word] for word in map(str.casefold, _WORD.findall(text)) if word in words}
    for match in _NUMERIC_DATE.finditer(text):
        found |= {int(part) for part in match.groups() if part and 1 <= int(part) <= 12}
    return frozenset(found)


def calendar_key(word: str) -> str | None:
    """One key for the same month or weekday in any of the languages; None for any other word."""
    folded = word.casefold()
    if (month := _month_words().get(folded)) is not None:
        return f"month {month}"
    weekday = _weekday_words().get(folded)
    return None if weekday is None else f"weekday {weekday}"


@lru_cache(maxsize=1)
def _month_words() -> dict[str, int]:
    words: dict[str, int] = {}
    for language in LANGUAGES:
        months = Locale.parse(language).months
        for style in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[style][width].items():
                    _add(words, name, int(number), language)
    words["sept"] = 9
    return words


@lru_cache(maxsize=1)
def _weekday_words() -> dict[str, int]:
    words: dict[str, int] = {}
    for language in LANGUAGES:
        for number, name in Locale.parse(language).days["format"]["wide"].items():
            words.setdefault(name.casefold(), int(number))
    return words


def _add(words: dict[str, int], name: str, number: int, language: str) -> None:
    plain = name.casefold().rstrip(".")
    if len(plain) >= _SHORTEST_ABBREVIATION:
        words.setdefault(plain, number)
    if language == "ru":
        stem = re.sub(r"[ьяай]$", "", plain)
        for ending in _RUSSIAN_ENDINGS if len(stem) >= _SHORTEST_ABBREVIATION or plain == "мая" else ():
            words.setdefault(stem + ending, number)
