"""Finding profiles by name: folded name tokens, each met exactly or in a near spelling, in any order.

Deliberately strict, since a forced match puts somebody else's profile before an analyst: every significant token of the
shorter name must be met, and at least two. Other scripts are met only by an alias in that script.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from agent.domain.reference import Profile
from agent.domain.taxonomy import PartyKind

_APOSTROPHES: Final = re.compile("['’‘ʼ`´ʹʿʾ]")
_INITIALS: Final = re.compile(r"(?<=\b\w)\.(?=\w\b)")
_SEPARATORS: Final = re.compile(r"[\W_]+")
_LETTERS: Final = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ё": "е"}
)
_UNSPACED: Final = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Scripts that write a whole name as one token."""
_PARTICLE_WORDS: Final = """
    al el ul ad ibn bin bint ben van von der den de da di do dos das du del la le les y e mr mrs ms dr prof sir
"""
_LEGAL_FORM_WORDS: Final = """
    ltd limited llc llp lp inc incorporated co corp corporation company plc gmbh ag kg sa sas sarl srl spa bv nv oy
    ab as asa aps jsc pjsc ojsc cjsc ooo oao zao pao ao tov too doo dd ad kft zrt sro pte pty bhd sdn fze fzco fzc est
    the and ооо оао зао пао ао тов тоо
"""
_PARTICLES: Final = frozenset(_PARTICLE_WORDS.split())
_LEGAL_FORMS: Final = frozenset(_LEGAL_FORM_WORDS.split())
_MISSING_TOKEN: Final = 0.95
"""Factor for each significant token that only the longer name has."""


@dataclass(frozen=True, slots=True)
class NameMatch:
    """A profile's name that meets the name looked for; score 1 is the same tokens."""

    profile_id: str
    name: str
    score: float


def fold_tokens(name: str) -> list[str]:
    """A name's tokens without case, accents and punctuation, in the order written."""
    split = unicodedata.normalize("NFKD", _INITIALS.sub("", _APOSTROPHES.sub("", name)))
    bare = "".join(char for char in split if not unicodedata.combining(char))
    return _SEPARATORS.sub(" ", bare.casefold().translate(_LETTERS)).split()


def same_person_name(left: str, right: str) -> bool:
    """Whether two names have the same tokens, in any order."""
    return sorted(fold_tokens(left)) == sorted(fold_tokens(right))


@dataclass(slots=True)
class _Shelf:
    """Names of one kind of party, by token."""

    whole: bool
    """Whether the longer name may not have significant tokens of its own (organisations: words change the firm)."""
    rows: list[tuple[str, str, tuple[str, ...], bool]] = field(default_factory=list)
    postings: dict[str, list[int]] = field(default_factory=dict)
    by_length: dict[int, list[str]] = field(default_factory=dict)
    """The tokens of ``postings``: a near spelling is sought among tokens of about the same length."""

    def add(self, profile_id: str, name: str, main: bool) -> None:
        tokens = self.significant(name)
        for token in set(tokens):
            if token not in self.postings:
                self.by_length.setdefault(len(token), []).append(token)
            self.postings.setdefault(token, []).append(len(self.rows))
        self.rows.append((profile_id, name, tokens, main))

    def significant(self, name: str) -> tuple[str, ...]:
        tokens = fold_tokens(name)
        ignored = _LEGAL_FORMS if self.whole else _PARTICLES
        return tuple(token for token in tokens if token not in ignored) or tuple(tokens)

    def find(self, name: str) -> Iterator[NameMatch]:
        wanted = self.significant(name)
        if not wanted:
            return
        near = [self._near(token) for token in dict.fromkeys(wanted)]
        shared = Counter(row for tokens in near for row in {row for token in tokens for row in self.postings[token]})
        distances = dict(zip(dict.fromkeys(wanted), near, strict=True))
        for row, count in shared.items():
            profile_id, written, tokens, main = self.rows[row]
            if count < min(len(set(wanted)), len(set(tokens))):
                continue
            score = self._score(wanted, tokens, distances, main)
            if score > 0:
                yield NameMatch(profile_id, written, score)

    def _near(self, token: str) -> dict[str, int]:
        """The shelf's tokens in a near spelling, with their edit distance."""
        longest = _edits_allowed(token)
        if not longest:
            return {token: 0} if token in self.postings else {}
        found: dict[str, int] = {}
        for length in range(len(token) - longest, len(token) + longest + 1):
            others = self.by_length.get(length, [])
            row = process.cdist([token], others, scorer=OSA.distance, score_cutoff=longest, dtype=np.uint8)[0]
            found |= {others[index]: int(row[index]) for index in np.flatnonzero(row <= longest)}
        return {other: edits for other, edits in found.items() if edits <= _edits_allowed(other)}

    def _score(
        self, wanted: tuple[str, ...], tokens: tuple[str, ...], distances: dict[str, dict[str, int]], main: bool
    ) -> float:
        """0 when the names do not meet, else how well: the mean closeness of met tokens, less for missing ones."""
        needed, missing = min(len(wanted), len(tokens)), abs(len(wanted) - len(tokens))
        if missing and (self.whole or needed < 2):
            return 0.0
        if needed == 1:
            alone = main or self.whole or bool(_UNSPACED.search(tokens[0]))
            return float(alone and wanted[0] == tokens[0])
        free = list(tokens)
        met: list[float] = []
        pairs = sorted((edits, token, other) for token in wanted for other, edits in distances[token].items())
        open_tokens = Counter(wanted)
        for edits, token, other in pairs:
            if open_tokens[token] and other in free:
                free.remove(other)
                open_tokens[token] -= 1
                met.append(1 - edits / max(len(token), len(other)))
        inexact = sum(closeness < 1 for closeness in met)
        if len(met) < needed or inexact > 1 + (needed >= 4):
            return 0.0
        return round(sum(met) / len(met) * _MISSING_TOKEN**missing, 3)


class NameTable:
    """All names of all profiles, in memory; written once with an index and never changed."""

    def __init__(self, rows: Iterable[tuple[str, str, str, bool]] = ()) -> None:
        """``rows``: profile id, party kind, name, whether it is the main name."""
        self._people, self._others = _Shelf(whole=False), _Shelf(whole=True)
        for profile_id, kind, name, main in rows:
            (self._people if kind == PartyKind.PERSON else self._others).add(profile_id, name, main)

    @staticmethod
    def load(path: Path) -> NameTable:
        """The table written by ``write_names``; raises OSError or ValueError when it cannot be read."""
        with path.open(encoding="utf-8") as lines:
            return NameTable((str(row[0]), str(row[1]), str(row[2]), bool(row[3])) for row in map(json.loads, lines))

    def find(self, name: str) -> list[NameMatch]:
        """The profiles that the name may be of, best first, each with its best-meeting name; namesakes all."""
        best: dict[str, NameMatch] = {}
        for shelf in (self._people, self._others):
            for match in shelf.find(name):
                known = best.get(match.profile_id)
                if known is None or (match.score, known.name) > (known.score, match.name):
                    best[match.profile_id] = match
        return sorted(best.values(), key=lambda match: (-match.score, match.profile_id))


def name_rows(profile: Profile) -> Iterator[str]:
    """The lines of the names file for one profile: its main name, then its aliases."""
    for name in dict.fromkeys((profile.name, *profile.aliases)):
        row = (profile.profile_id, profile.kind.value, name, name == profile.name)
        yield json.dumps(row, ensure_ascii=False) + "\n"


def _edits_allowed(token: str) -> int:
    """How many letters may differ: none in a short token or one with digits, two in a long one."""
    if len(token) < 5 or any(char.isdigit() for char in token):
        return 0
    return 1 if len(token) < 9 else 2
