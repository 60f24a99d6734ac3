"""A written name taken apart into what the index compares: Latin parts, their sound, their consonants, their letters.

Uses rigour's Rust core alone. Its symbol tagger (which knows that Bill is William) is left out: it costs seconds and
430 MB in every process.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from rapidfuzz import fuzz
from rigour._core import MAX_NAME_LENGTH, NameTypeTag, analyze_names, metaphone

from retrieval.names.transliteration import join_consonants, latinise, reduce_consonants

ANALYSIS_VERSION: Final = 1
"""Raised whenever the same name would be taken apart differently: what was indexed before no longer meets it."""

_ARTICLES: Final = frozenset("al el ul as ash an ar ad at az ud ur us".split())
_SMALL_WORDS: Final = frozenset("of the and for de la del y e des du di".split())
_SERVANTS: Final = frozenset({"bd", "bdr"})
"""Consonants of Abd and Abdul, which are one name with the next part."""
_GHAIN: Final = re.compile("ע['’׳]")
"""Hebrew marks the Arabic sound gh with a stroke that is lost once the name is in tokens."""
_FIRST_HANGUL: Final = "\uac00"
"""rigour reads Hangul in one piece; its syllables tell family from given name."""
_SHORTEST_SOUND: Final = 3
_FEWEST_CONSONANTS: Final = 2


@dataclass(frozen=True, slots=True)
class NamePiece:
    """One part of a name."""

    text: str
    """In lower-case Latin letters."""
    sound: str
    """Its metaphone; empty for numbers and very short parts."""
    consonants: str
    foreign: bool
    """Whether it was written in a script that lists romanise in many ways, so that its letters say less."""

    @property
    def tells_by_consonants(self) -> bool:
        """Whether it has the two consonants without which half of all names would be alike."""
        return len(self.consonants) >= _FEWEST_CONSONANTS


@dataclass(frozen=True, slots=True)
class AnalysedName:
    """The parts of one written name, in the order written; empty where nothing can be read."""

    pieces: tuple[NamePiece, ...]

    @property
    def foreign(self) -> bool:
        """Whether any part was written in a script that lists romanise in many ways."""
        return any(piece.foreign for piece in self.pieces)

    @property
    def sorted_text(self) -> str:
        """All parts in one order, however they were written."""
        return "_".join(sorted(piece.text for piece in self.pieces))

    @property
    def joined_text(self) -> str:
        """All parts as written, without gaps: where a gap stands differs between lists."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def consonants(self) -> list[str]:
        """The consonants of each part that has enough of them to say something."""
        return [piece.consonants for piece in self.pieces if piece.tells_by_consonants]

    @property
    def joined_consonants(self) -> str:
        """The consonants of the whole name, without gaps and articles."""
        joined, servant = "", ""
        for piece in self._without_articles():
            current = join_consonants(servant, piece.consonants)
            servant = current if piece.consonants in _SERVANTS else ""
            joined += "" if servant else current
        return join_consonants(joined, servant)

    @property
    def paired_consonants(self) -> list[str]:
        """The consonants of every two neighbours as one, with and without an article between or before them."""
        bare = self._without_articles()
        pairs = dict.fromkeys(
            join_consonants(left.consonants, right.consonants)
            for pieces in (self.pieces, bare)
            for left, right in pairwise(pieces)
        )
        return [pair for pair in pairs if len(pair) > _FEWEST_CONSONANTS]

    @property
    def acronyms(self) -> list[str]:
        """The first letters of three words or more, all and without small words."""
        words = [piece.text for piece in self.pieces]
        readings = (words, [word for word in words if word not in _SMALL_WORDS])
        return list(dict.fromkeys("".join(word[0] for word in chosen) for chosen in readings if len(chosen) > 2))

    def _without_articles(self) -> list[NamePiece]:
        return [piece for piece in self.pieces if piece.text not in _ARTICLES]


def analyse_name(name: str) -> AnalysedName:
    """Take a name apart. People and organisations alike: legal forms are brought into one form ("LLC") in any name."""
    bounded = _GHAIN.sub("ג", name[:MAX_NAME_LENGTH])
    pieces: list[NamePiece] = []
    for analysed in analyze_names(NameTypeTag.ENT, [bounded], symbols=False, phonetics=False, consolidate=False):
        for part in analysed.parts:
            if part.comparable.isascii() and part.form[:1] < _FIRST_HANGUL:
                pieces.append(_describe_piece(part.comparable, False))
            else:
                pieces += [_describe_piece(latin, True) for latin in latinise(part.form)]
    return AnalysedName(tuple(pieces))


def compare_consonants(left: AnalysedName, right: AnalysedName) -> float:
    """How alike the consonants of two names are, parts in any order: 1 when the same, 0 when none is shared."""
    one, other = (" ".join(sorted(piece.consonants for piece in name.pieces)) for name in (left, right))
    return fuzz.ratio(one, other) / 100


def letter_groups(token: str) -> list[str]:
    """The letters of a part in threes, its beginning and end marked, and first its first letter for initials."""
    padded = f"^{token}$"
    return [padded[:2], *(padded[place : place + 3] for place in range(len(padded) - 2))]


@lru_cache(maxsize=50_000)
def _describe_piece(token: str, foreign: bool) -> NamePiece:
    letters = token.isalpha()
    sound = metaphone(token) if letters and len(token) >= _SHORTEST_SOUND else ""
    return NamePiece(token, sound, reduce_consonants(token) if letters else token, foreign)
