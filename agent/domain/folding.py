"""Finding quotes in an article: typography is folded away, words, letters and case are not.

One table says which characters count as equal (``FOLDS``), one which do not count at all (``REMOVED``); white space of
any kind and length is one space; ligatures, full-width forms and split accents are composed (NFKC). After folding a
quote must stand in the article exactly, and what is kept as evidence is always the article's own slice.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

FOLDS: Final = MappingProxyType(
    {
        "'": "\u2018\u2019\u201a\u201b\u2032\u02b9\u02bc\u00b4\u0060\u2039\u203a",
        '"': "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb",
        "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d",
    }
)
"""Plain character → the characters that are read as it."""

REMOVED: Final = (
    ("\u00ad", "\u00ad"),  # soft hyphen
    ("\u034f", "\u034f"),  # combining grapheme joiner
    ("\u061c", "\u061c"),  # Arabic letter mark
    ("\u115f", "\u1160"),  # Hangul fillers
    ("\u17b4", "\u17b5"),  # Khmer inherent vowels
    ("\u180b", "\u180f"),  # Mongolian selectors and vowel separator
    ("\u200b", "\u200f"),  # zero-width space and joiners, directional marks
    ("\u202a", "\u202e"),  # bidirectional embedding and override
    ("\u2060", "\u206f"),  # word joiner, invisible operators, isolates
    ("\u3164", "\u3164"),  # Hangul filler
    ("\ufe00", "\ufe0f"),  # variation selectors
    ("\ufeff", "\ufeff"),  # zero-width no-break space, byte order mark
    ("\uffa0", "\uffa0"),  # half-width Hangul filler
    ("\ufff9", "\ufffb"),  # interlinear annotation
    ("\U000e0000", "\U000e0fff"),  # tags and further variation selectors
)
"""First and last of the ranges of characters nobody sees: they do not count."""

REPLACEMENT: Final = "\ufffd"
"""Stands for bytes that could not be decoded; a quote may not span it."""
MIN_VISIBLE: Final = 3
"""A quote with fewer letters and digits is not evidence of anything."""

_ONE_FOR_ONE: Final = {ord(variant): plain for plain, variants in FOLDS.items() for variant in variants}
_REMOVED_CLASS: Final = "".join(f"{first}-{last}" for first, last in REMOVED)
_IS_REMOVED: Final = re.compile(f"[{_REMOVED_CLASS}]")
_REMOVED_CHARS: Final = "".join(chr(code) for first, last in REMOVED for code in range(ord(first), ord(last) + 1))
PLAIN_CLASS: Final = (
    "!-_a-~"  # ASCII without the grave accent
    "\u00c0-\u0131\u0134-\u013e\u0141-\u0148\u014a-\u017e\u1ea0-\u1ef9"  # Latin
    "\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03ce\u0400-\u0481\u048a-\u052f"  # Greek, Cyrillic
    "\u05d0-\u05ea\u0620-\u064a\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
)
"""Characters that folding leaves alone (a test proves it); runs of them are copied whole, which keeps folding fast."""
_PLAIN_RUN: Final = re.compile(f"[{PLAIN_CLASS}]+(?: [{PLAIN_CLASS}]+)*")
# Characters that are no marks by category and yet join the character before them: Hangul vowels and finals, and the
# half-width forms that NFKC turns into such.
_JOINERS: Final = re.compile("[\u1160-\u11ff\ud7b0-\ud7ff\uff9e\uff9f\uffa0-\uffdc]")
_LONGEST_CLUSTER: Final = 32
"""Characters folded together at most: composing thousands of stacked marks would take quadratic time."""
_MISALIGNED_TRIES: Final = 1_000
"""Places tried that begin or end inside a ligature before a quote counts as not found: bounds a hostile text."""


@dataclass(frozen=True, slots=True, eq=False)
class FoldedText:
    """A folded text and the way back: ``span`` turns folded offsets into offsets of ``original``."""

    original: str
    text: str
    _folded: array[int]
    """Where each stretch begins in ``text``; a last entry holds its length."""
    _starts: array[int]
    """Where each stretch begins and ends in ``original``."""
    _ends: array[int]
    _copied: bytearray
    """1 where a stretch was copied character by character, 0 where it counts only as a whole."""

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """The original's offsets of ``text[start:end]``; None when it begins or ends inside one original character."""
        first = bisect_right(self._folded, start) - 1
        last = bisect_right(self._folded, end - 1) - 1
        if not self._copied[first] and start != self._folded[first]:
            return None
        if not self._copied[last] and end != self._folded[last + 1]:
            return None
        begin = self._starts[first] + (start - self._folded[first] if self._copied[first] else 0)
        return begin, self._starts[last] + (end - self._folded[last]) if self._copied[last] else self._ends[last]

    def position(self, offset: int) -> int:
        """Where in the folded text the original's ``offset`` falls."""
        index = bisect_right(self._starts, offset) - 1
        if index < 0:
            return 0
        if self._copied[index]:
            return min(self._folded[index] + offset - self._starts[index], self._folded[index + 1])
        return self._folded[index] if offset < self._ends[index] else self._folded[index + 1]


def fold_text(text: str) -> FoldedText:
    """Fold a text once, in time linear in its length, so that many quotes can be looked up in it."""
    parts: list[str] = []
    folded_starts, starts, ends, copied = array("L"), array("L"), array("L"), bytearray()
    length = 0
    for start, end, folded, is_copy in _fold_stretches(text):
        if folded == " " and parts and parts[-1] == " ":
            ends[-1], copied[-1] = end, 0
            continue
        folded_starts.append(length)
        starts.append(start)
        ends.append(end)
        copied.append(is_copy)
        parts.append(folded)
        length += len(folded)
    folded_starts.append(length)
    return FoldedText(text, "".join(parts), folded_starts, starts, ends, copied)


def find_quote(article: FoldedText, quote: str, within: tuple[int, int] | None = None) -> tuple[int, int] | None:
    """Where the quote stands in the article, word for word after folding, as offsets of the original; else None.

    ``within`` is the cited sentence (original offsets): a place that begins in it is preferred, then the nearest one;
    without it the first place in the text is taken. Quotes with too few letters and digits, and quotes that hold a
    replacement character, are never found.
    """
    wanted = fold_text(quote).text.strip(" ")
    if REPLACEMENT in wanted or sum(map(str.isalnum, wanted)) < MIN_VISIBLE:
        return None
    if within is None:
        return _search_forward(article, wanted, 0)
    begin, end = article.position(within[0]), article.position(within[1])
    ahead = _search_forward(article, wanted, begin)
    if ahead is not None and ahead[0] < within[1]:
        return ahead
    behind = _search_backward(article, wanted, begin + len(wanted) - 1)
    if ahead is None or behind is None:
        return ahead or behind
    return behind if begin - article.position(behind[1]) < article.position(ahead[0]) - end else ahead


def _search_forward(article: FoldedText, wanted: str, position: int) -> tuple[int, int] | None:
    for _ in range(_MISALIGNED_TRIES):
        position = article.text.find(wanted, position)
        if position < 0:
            return None
        if (span := article.span(position, position + len(wanted))) is not None:
            return span
        position += 1
    return None


def _search_backward(article: FoldedText, wanted: str, limit: int) -> tuple[int, int] | None:
    for _ in range(_MISALIGNED_TRIES):
        position = article.text.rfind(wanted, 0, max(limit, 0))
        if position < 0:
            return None
        if (span := article.span(position, position + len(wanted))) is not None:
            return span
        limit = position + len(wanted) - 1
    return None


def _fold_stretches(text: str) -> Iterator[tuple[int, int, str, bool]]:
    """The text's stretches in order as (start, end, folded, copied); what folds to nothing is left out."""
    done = 0
    for run in _PLAIN_RUN.finditer(text):
        start, end = run.span()
        yield from _fold_clusters(text, done, start)
        # What follows may join the run's last character: leave that one to the next cluster.
        keep = end - 1 if end < len(text) and _joins(text[end]) else end
        if keep > start:
            yield start, keep, text[start:keep], True
        done = keep
    yield from _fold_clusters(text, done, len(text))


@lru_cache(maxsize=4096)
def _joins(char: str) -> bool:
    """Whether a character may change the one before it, or is invisible between the two."""
    return unicodedata.category(char)[0] == "M" or bool(_JOINERS.match(char) or _IS_REMOVED.match(char))


def _fold_clusters(text: str, start: int, end: int) -> Iterator[tuple[int, int, str, bool]]:
    """Fold ``text[start:end]`` a cluster at a time: a base character with the marks and invisible ones after it."""
    while start < end:
        stop = start + 1
        if not text[start].isspace():
            while stop < min(end, start + _LONGEST_CLUSTER) and _joins(text[stop]):
                stop += 1
        cluster = text[start:stop]
        if folded := _fold_cluster(cluster):
            seen = stop if stop == start + 1 else start + len(cluster.rstrip(_REMOVED_CHARS))
            yield start, seen, folded, stop == start + 1 and folded == cluster
        start = stop


@lru_cache(maxsize=4096)
def _fold_cluster(cluster: str) -> str:
    cluster = _IS_REMOVED.sub("", cluster)
    if not cluster or cluster.isspace():
        return " " if cluster else ""
    cluster = cluster.translate(_ONE_FOR_ONE)
    composed = unicodedata.normalize("NFKC", cluster)
    # A spacing accent's NFKC is a space and a mark: white space that nobody wrote.
    if composed[0] == " " or composed[-1] == " ":
        composed = unicodedata.normalize("NFC", cluster)
    return _IS_REMOVED.sub("", composed).translate(_ONE_FOR_ONE)
