"""Reading and compiling a lexicon's YAML file; every complaint names the file, the key and the entry."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, TypeVar

import yaml

from agent.errors import ConfigError

NAME_MARK: Final = "\ue000"
"""Stands for each character of a name while patterns are matched (a private-use character, in no article's words)."""
ORGANISATION_MARK: Final = "\ue001"
"""The same for a name that is known to be an organisation's; an apposition may hold one: "X, director of Y, was"."""

Words = re.Pattern[str]
_K = TypeVar("_K")

_ATOM: Final = re.compile(
    r"\\.|\(\?P[<=]\w+|\[\^?\]?(?:\\.|[^\]\\])*\]|\{(?:name|subject|object|gap)\}|.",
    re.DOTALL,
)
_GAP: Final = rf"(?: ?\([^()]{{1,60}}\))?(?: ?,[^,;:{NAME_MARK}]{{1,80}},)?"
_MARKS: Final = NAME_MARK + ORGANISATION_MARK
_PLACEHOLDERS: Final = ("{name}", "{subject}", "{object}")
_NEVER: Final = r"(?!\w)\w"


def fold_case(text: str) -> str:
    """Lower case with ``ё`` as ``е``, character for character: the length never changes."""
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = "".join(char.lower() if len(char.lower()) == 1 else char for char in text)
    return lowered.replace("ё", "е")


class LexiconFile:
    """One file being read, its keys checked against those that are known."""

    def __init__(self, path: Path, keys: frozenset[str]) -> None:
        self.path = path
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise self.complaint(f"cannot be read: {error}") from error
        if not isinstance(content, dict):
            raise self.complaint("must be a mapping of keys to lists")
        unknown = sorted(str(key) for key in content if key not in keys)
        if unknown:
            raise self.complaint(f"has unknown keys: {', '.join(unknown)}")
        self.content: dict[str, object] = content
        if content.get("language") != path.stem:
            raise self.complaint(f"must be {path.stem!r}, as the file is named", "language")

    def complaint(self, words: str, key: str = "") -> ConfigError:
        """The error to raise for what is wrong at ``key``."""
        where = f"{self.path.name}, key {key}," if key else self.path.name
        return ConfigError(f"lexicon {where} {words}; correct the file or reinstall the package")

    def entries(self, key: str, value: object) -> list[str]:
        """The list of strings at ``key``; ConfigError when it is anything else."""
        listed = [] if value is None else value
        if not isinstance(listed, list) or not all(isinstance(entry, str) and entry.strip() for entry in listed):
            raise self.complaint("must be a list of non-empty strings", key)
        return listed

    def table(self, key: str) -> dict[str, object]:
        """The mapping at ``key``; empty when the file has none."""
        table = self.content.get(key) or {}
        if not isinstance(table, dict):
            raise self.complaint("must be a mapping", key)
        return {str(name): value for name, value in table.items()}

    def alternation(self, key: str, value: object) -> Words:
        """One word-bounded regex for a list of entries, longer entries first so that the longer match tends to win."""
        sources = [self._checked(key, entry) for entry in self.entries(key, value)]
        return re.compile(rf"(?<!\w)(?:{'|'.join(sorted(sources, key=len, reverse=True)) or _NEVER})(?!\w)")

    def keyed(self, key: str, table: Mapping[str, object], read: Callable[[str], _K]) -> dict[_K, Words]:
        """A table of alternations whose keys ``read`` turns into members of an enum."""
        compiled: dict[_K, Words] = {}
        for name, value in table.items():
            try:
                member = read(name)
            except ValueError as error:
                raise self.complaint(f"is unknown: {error}", f"{key}.{name}") from error
            compiled[member] = self.alternation(f"{key}.{name}", value)
        return compiled

    def patterns(self, key: str, value: object) -> tuple[Words, ...]:
        """Who-did-what patterns, one regex each, the names in the group ``name``, ``subject`` or ``object``.

        A class that begins with a word character steps over an organisation's name too.
        """
        listed = [_prepare_source(word) for word in self.entries("conjunctions", self.content.get("conjunctions"))]
        between = "|".join([" ?, ?", *(f" ?,? {word} " for word in listed)])
        name = f"[{_MARKS}]+"
        names = f"{name}(?:(?:{between}){name})*"
        compiled = []
        for entry in self.entries(key, value):
            if sum(map(entry.count, _PLACEHOLDERS)) != 1:
                raise self.complaint(f"holds {entry!r}, which needs exactly one of {', '.join(_PLACEHOLDERS)}", key)
            source = self._checked(key, entry.replace(r"[\w", rf"[{ORGANISATION_MARK}\w"), names)
            compiled.append(re.compile(rf"(?<![\w{_MARKS}])(?:{source})(?![\w{_MARKS}])"))
        return tuple(compiled)

    def months(self) -> dict[str, int]:
        """Names of months with their numbers."""
        months: dict[str, int] = {}
        for word, number in self.table("months").items():
            if not isinstance(number, int) or not 1 <= number <= 12:
                raise self.complaint(f"must be a number from 1 to 12, not {number!r}", f"months.{word}")
            months[fold_case(word)] = number
        return months

    def _checked(self, key: str, entry: str, names: str = "") -> str:
        """The entry as a source known to compile by itself, so that a complaint can quote it."""
        source = _prepare_source(entry, names)
        try:
            empty = re.compile(source).fullmatch("") is not None
        except re.error as error:
            raise self.complaint(f"holds a bad regular expression {entry!r}: {error}", key) from error
        if empty:
            raise self.complaint(f"holds {entry!r}, which matches the empty text", key)
        return source


def compile_starts(tables: Iterable[Words]) -> Words:
    """A regex that matches, without length, wherever one of the alternations would match."""
    sources = "|".join(words.pattern for words in tables)
    return re.compile(rf"(?<!\w)(?={sources})" if sources else r"(?!\w)\w")


def _prepare_source(entry: str, names: str = "") -> str:
    """An entry as the regex to compile: spaces match runs of them, capitals are lowered, placeholders filled in."""

    def replace(atom: re.Match[str]) -> str:
        text = atom.group()
        if text == " ":
            return "(?: +)"
        if text in _PLACEHOLDERS:
            return f"(?P<{text[1:-1]}>{names})"
        if text == "{gap}":
            return _GAP
        if text.startswith("["):
            return re.sub(r"\\.|[^\\]", lambda part: _lower_literal(part.group()), text)
        return _lower_literal(text)

    return _ATOM.sub(replace, entry)


def _lower_literal(text: str) -> str:
    """A literal folded as the text is; escapes and group names stand as they are."""
    return text if text.startswith(("\\", "(?P")) else fold_case(text)
