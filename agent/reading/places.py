"""Countries in running text: names, adjectives, inhabitants, capitals, in English and five more languages.

Names come from the Unicode locale data (babel), the rest from ``demonyms``. Words that are people's names as often as
countries (Jordan, Chad) count only after a preposition; Georgia only where the text shows that the country is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from babel import Locale

from agent.reading.demonyms import EXTRA_NAMES

LANGUAGES: Final = tuple(EXTRA_NAMES)
"""The languages country names are known in."""

_NOT_COUNTRIES: Final = frozenset({"EU", "EZ", "UN", "QO", "ZZ", "XA", "XB", "AQ"})
_WORD: Final = re.compile(r"(?:[A-Z]\.){2,}|\w+(?:[-’']\w+)*")
_ENDING: Final = 5
"""Letters that may follow a stem."""
_SHORTEST_STEM: Final = 5
"""Shorter Russian names are matched only as listed: their stems begin too many other words."""
_AFTER_PREPOSITION: Final = frozenset({"jordan", "chad", "guinea", "lima", "sofia", "vienna", "virginia"})
_PREPOSITIONS: Final = frozenset({"in", "of", "from", "to", "by", "with", "near", "at", "for", "between", "into"})
_GEORGIA_THE_COUNTRY: Final = re.compile(r"Tbilisi|Georgian|Caucasus|Saakashvili|Ossetia|Abkhazia")


@dataclass(slots=True)
class _Names:
    """One language's names: whole names by their first word, and stems that an ending may follow."""

    by_first_word: dict[str, list[tuple[tuple[str, ...], str]]] = field(default_factory=dict)
    stems: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, code: str) -> None:
        words = tuple(_fold_word(word.group()) for word in _WORD.finditer(name))
        if words:
            self.by_first_word.setdefault(words[0], []).append((words, code))


def find_countries(text: str, language: str = "en") -> list[tuple[int, int, str]]:
    """Countries as (start, end, ISO 3166-1 alpha-2), in order; names of ``language`` and English ones are known."""
    words = list(_WORD.finditer(text))
    folded = [_fold_word(word.group()) for word in words]
    tables = [_names(language)] if language in LANGUAGES else []
    if language != "en":
        tables.append(_names("en"))
    found: list[tuple[int, int, str]] = []
    position = 0
    while position < len(words):
        match = next(
            (
                match
                for table, name in zip(tables, (language, "en")[-len(tables) :], strict=True)
                for match in _match_at(table, words, folded, position, capitals=name == "en")
            ),
            None,
        )
        if match is None or not _is_meant(text, folded, position, match[1]):
            position += 1
            continue
        length, code = match
        found.append((words[position].start(), words[position + length - 1].end(), code))
        position += length
    return found


def country_codes(text: str, language: str = "en") -> frozenset[str]:
    """The ISO codes of the countries a text names."""
    return frozenset(code for _, _, code in find_countries(text, language))


def _match_at(
    names: _Names, words: list[re.Match[str]], folded: list[str], position: int, *, capitals: bool
) -> Iterator[tuple[int, str]]:
    """The longest name at a word, as (words, code)."""
    if capitals and not words[position].group()[0].isupper():
        return
    candidates = names.by_first_word.get(folded[position], ())
    for name, code in sorted(candidates, key=lambda pair: -len(pair[0])):
        if tuple(folded[position : position + len(name)]) == name and _is_written_so(words, position, name, capitals):
            yield len(name), code
            return
    word = folded[position]
    for cut in range(len(word), max(len(word) - _ENDING, 2) - 1, -1):
        if (stem_code := names.stems.get(word[:cut])) is not None:
            yield 1, stem_code
            return


def _is_written_so(words: list[re.Match[str]], position: int, name: tuple[str, ...], capitals: bool) -> bool:
    """Short English forms such as US must be written in capitals; ``us`` is a pronoun."""
    if len(name) > 1 or len(name[0]) > 3 or "." in name[0]:
        return True
    return words[position].group().isupper() or not capitals


def _is_meant(text: str, folded: list[str], position: int, code: str) -> bool:
    word = folded[position]
    if word in _AFTER_PREPOSITION:
        return position > 0 and folded[position - 1] in _PREPOSITIONS
    if word == "georgia" and code == "GE":
        return _GEORGIA_THE_COUNTRY.search(text) is not None
    return True


def _fold_word(word: str) -> str:
    folded = word.casefold().replace("’", "'").replace("ё", "е")
    if folded.endswith("'s"):
        return folded[:-2]
    return folded.rstrip("'")


@cache
def _names(language: str) -> _Names:
    names = _Names()
    for code, name in Locale.parse(language).territories.items():
        if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES:
            plain = re.sub(r"\s*\(.*?\)|,.*$| SAR China$", "", name)
            for spelling in {plain, plain.replace(" & ", " and ")}:
                names.add(spelling, code)
            if language == "ru" and " " not in plain:
                stem = _fold_word(plain).rstrip("аяийыоеь")
                if len(stem) >= _SHORTEST_STEM:
                    names.stems.setdefault(stem, code)
    for line in EXTRA_NAMES[language].strip().splitlines():
        code, *entries = line.split()
        for entry in entries:
            if "_" in entry and entry.endswith("*"):
                for ending in ("", "s"):
                    names.add(entry[:-1].replace("_", " ") + ending, code)
            elif entry.endswith("*"):
                for stem in _expand_choice(_fold_word(entry[:-1])):
                    names.stems[stem] = code
            else:
                names.add(entry.replace("_", " "), code)
    return names


def _expand_choice(stem: str) -> list[str]:
    """``rus[oa]`` → ruso, rusa: the one kind of pattern the table uses."""
    match = re.fullmatch(r"(.*)\[(\w+)\]", stem)
    return [match[1] + letter for letter in match[2]] if match else [stem]
