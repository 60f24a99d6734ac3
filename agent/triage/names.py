"""Whether two written names can be one party's, and whether a stretch of text names a party."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz

from agent.domain.folding import fold_text
from agent.domain.reading import Reading, ReadParty
from agent.domain.summary import Party
from agent.domain.taxonomy import FeatureVerdict

_TOKEN: Final = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_CYRILLIC: Final = str.maketrans(
    {
        "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i",
        "і": "i", "ї": "i", "й": "i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s",
        "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y",
        "ь": "", "э": "e", "ю": "iu", "я": "ia", "є": "ie", "ў": "u", "қ": "k", "ғ": "g", "ң": "n", "ө": "o", "ү": "u",
        "ұ": "u", "һ": "h", "ә": "a",
    }
)  # fmt: skip
_SCRIPTS: Final = re.compile(r"([a-z])|([Ѐ-ԯ])|([Ͱ-Ͽ])")
_SHORTEST_SURNAME: Final = 4
_SPELLING_VARIANT: Final = 90.0
"""Similarity (rapidfuzz, 0 to 100) from which two spellings of a full name count as variants."""


@lru_cache(maxsize=4096)
def name_tokens(name: str) -> tuple[str, ...]:
    """The comparable parts of a name: case, accents and possessives folded, Cyrillic in Latin letters.

    A word that mixes scripts is kept as written, so that a look-alike letter never makes two names equal.
    """
    return word_tokens(name)


def word_tokens(text: str) -> tuple[str, ...]:
    """The words of any text in the form of ``name_tokens``; nothing of the text is kept."""
    plain = unicodedata.normalize("NFKD", fold_text(text).text)
    plain = "".join(char for char in plain if not unicodedata.combining(char)).casefold()
    words = (re.sub(r"['’]s$", "", match.group()) for match in _TOKEN.finditer(plain))
    return tuple(word if word.isascii() or _is_mixed(word) else word.translate(_CYRILLIC) for word in words)


@lru_cache(maxsize=4096)
def mixes_scripts(name: str) -> bool:
    """Whether a word of the name holds Latin beside Cyrillic or Greek letters."""
    return not name.isascii() and any(map(_is_mixed, _TOKEN.findall(name)))


def _is_mixed(word: str) -> bool:
    return len({match.lastindex for match in _SCRIPTS.finditer(word.casefold())}) > 1


def compare_names(given: Iterable[str], stated: Iterable[str]) -> FeatureVerdict:
    """The best verdict over all pairs: same, variant (part of the other, or another spelling), conflict; unknown."""
    pairs = [(left, right) for left in given for right in stated]
    verdicts = {_compare_pair(left, right) for left, right in pairs}
    for verdict in (FeatureVerdict.SAME, FeatureVerdict.VARIANT, FeatureVerdict.UNKNOWN, FeatureVerdict.CONFLICT):
        if verdict in verdicts:
            return verdict
    return FeatureVerdict.UNKNOWN


@lru_cache(maxsize=4096)
def _compare_pair(left: str, right: str) -> FeatureVerdict:
    a, b = name_tokens(left), name_tokens(right)
    if not a or not b or mixes_scripts(left) or mixes_scripts(right):
        return FeatureVerdict.UNKNOWN
    if sorted(a) == sorted(b):
        return FeatureVerdict.SAME
    short, long = sorted((a, b), key=len)
    if set(short) <= set(long) and sum(map(len, short)) >= _SHORTEST_SURNAME:
        return FeatureVerdict.VARIANT
    if len(short) > 1 and fuzz.token_sort_ratio(" ".join(a), " ".join(b)) >= _SPELLING_VARIANT:
        return FeatureVerdict.VARIANT
    return FeatureVerdict.CONFLICT


def match_read_parties(party: Party, reading: Reading) -> tuple[ReadParty, ...]:
    """The reader's parties that a drafted party can be: those of the same name, else those of a variant of it.

    More than one means that the name does not tell them apart.
    """
    names = (party.name, *party.aliases)
    verdicts = [(compare_names(names, (read.name, *read.aliases)), read) for read in reading.parties]
    same = tuple(read for verdict, read in verdicts if verdict is FeatureVerdict.SAME)
    return same or tuple(read for verdict, read in verdicts if verdict is FeatureVerdict.VARIANT)


def names_party(words: Sequence[str], names: Iterable[str], *, last_name: bool = False) -> bool:
    """Whether a text (its ``word_tokens``) holds a name in full, or with ``last_name`` only its last word."""
    for name in names:
        tokens = name_tokens(name)
        if tokens and any(tuple(words[at : at + len(tokens)]) == tokens for at in range(len(words) - len(tokens) + 1)):
            return True
        if last_name and tokens and len(tokens[-1]) >= _SHORTEST_SURNAME and tokens[-1] in words:
            return True
    return False
