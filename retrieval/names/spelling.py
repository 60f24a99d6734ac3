"""How far two written forms of one name part lie apart: a weighted edit distance over the sounds of their letters.

Romanised names are spelled by ear (Mukhtar, Muhtar, Moukhtar). Letters become sounds first (``kh`` and ``ou`` are one
sound each); a change between sounds that romanisations mix up costs little, another costs a whole letter. Between
scripts of which one writes no vowels only the consonants count. Weights were set by what is confused between languages,
how much of them is allowed was chosen on labelled pairs (``tests/bench/name_pairs.py``).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

VOWELS: Final = frozenset("aeiouE")
_WEAK: Final = frozenset("hyw'")
"""Consonants that some scripts and ears leave out."""
_MANY_LETTERS: Final = {
    "tsch": "C", "shch": "S", "dsch": "J", "tch": "C", "sch": "S", "dzh": "J", "kh": "x", "gh": "G", "sh": "S",
    "ch": "C", "zh": "Z", "dj": "J", "dz": "z", "ts": "c", "tz": "c", "ph": "f", "th": "t", "dh": "d", "ck": "k",
    "ou": "u", "oo": "u", "ee": "i", "ii": "i", "iy": "i", "ij": "i", "yy": "i", "ai": "E", "ay": "E", "ei": "E",
    "ey": "E", "aa": "a", "xh": "J", "uu": "u", "q": "k", "x": "ks", "j": "J",
}  # fmt: skip
_LETTERS: Final = re.compile("|".join(sorted(_MANY_LETTERS, key=len, reverse=True)))
_DOUBLED: Final = re.compile(r"(.)\1+")
_SOFT_C: Final = re.compile(r"c(?=[eiyE])")
_HARD_C: Final = re.compile(r"(?<=\w)c$|c(?=[^hH])")
_ABD: Final = re.compile(r"^abu?d(?:[aeiou]{1,2}l(?=\w{3})|[aeiou]{1,2}(?=([rsztnd])\1)|ouru)")
"""``Abdul``, ``Abdel`` and what the l becomes before some letters are one beginning."""
_OF_FAITH: Final = re.compile("(?<=[a-z]{3})[aeou]?d+(?:een|ine|in)$")
_GLIDING_J: Final = re.compile("(?<=[aeiou])j(?![aeiouy])")
_ENDING: Final = re.compile(r"(?<=i)(?:tch|cz|ch|tz|c)$")
_NEAR_SOUNDS: Final = {
    "ei": 0.2, "ou": 0.2, "ae": 0.25, "ao": 0.4, "iy": 0.1, "ey": 0.3, "Ee": 0.3, "Ei": 0.3, "Ea": 0.4, "Ey": 0.3,
    "eo": 0.6, "ai": 0.7, "au": 0.7, "iu": 0.6, "eu": 0.7, "uw": 0.2, "vw": 0.1, "ow": 0.3, "uv": 0.4, "fv": 0.3,
    "bv": 0.4, "bp": 0.4, "dt": 0.4, "gk": 0.5, "hx": 0.1, "kx": 0.3, "gG": 0.1, "hG": 0.5, "gh": 0.4, "kG": 0.4,
    "Ss": 0.4, "sz": 0.4, "CS": 0.3, "Cc": 0.3, "CJ": 0.4, "ZJ": 0.2, "Zz": 0.3, "Jg": 0.3, "Jy": 0.3, "Ji": 0.4,
    "Jz": 0.4, "Jd": 0.5, "cs": 0.3, "cz": 0.4, "Ck": 0.4, "fp": 0.4, "kc": 0.5, "CZ": 0.4, "SZ": 0.4, "lr": 0.7,
    "mn": 0.8, "dz": 0.6,
}  # fmt: skip
_LOST_IN_SCRIPT: Final = {
    "bv": 0.1, "zt": 0.3, "fp": 0.1, "fv": 0.3, "hf": 0.3, "Ss": 0.2, "st": 0.4, "sc": 0.2, "zs": 0.3,
    "zd": 0.3, "Jz": 0.2, "Gr": 0.4, "hk": 0.4, "xh": 0.0, "dt": 0.3, "gk": 0.3, "mn": 0.5, "yi": 0.0, "wv": 0.0,
    "tC": 0.3, "ct": 0.3, "cd": 0.4, "cz": 0.3, "Jg": 0.2, "bp": 0.2, "GE": 0.3, "gG": 0.1, "Jk": 0.6, "Ck": 0.4,
}  # fmt: skip


def _both_ways(costs: dict[str, float]) -> dict[tuple[str, str], float]:
    return {order: cost for pair, cost in costs.items() for order in ((pair[0], pair[1]), (pair[1], pair[0]))}


_NEAR: Final = _both_ways(_NEAR_SOUNDS)
_NEAR_ACROSS: Final = _NEAR | _both_ways(_LOST_IN_SCRIPT)


def strip_article_of_servant(latin: str) -> str:
    """``Abdulrahman``, ``Abdurrahman`` and ``Abderrahman`` with one beginning: ``abdrahman``."""
    return _ABD.sub("abd", latin)


@lru_cache(maxsize=65_536)
def fold_sounds(latin: str) -> str:
    """The sounds of a part in ``a-z``, one character each; doubled letters count once."""
    text = _OF_FAITH.sub("din", strip_article_of_servant(_ENDING.sub("ch", latin)))
    text = _GLIDING_J.sub("y", text)
    if text.startswith("x"):
        text = "s" + text[1:]
    text = _LETTERS.sub(lambda found: _MANY_LETTERS[found[0]], text)
    text = _SOFT_C.sub("s", text) if "c" in latin else text
    if "c" in text and "ts" not in latin and "tz" not in latin:
        text = _HARD_C.sub("k", text)
    return _DOUBLED.sub(r"\1", text)


@lru_cache(maxsize=131_072)
def spelling_cost(left: str, right: str) -> float:
    """The cheapest way from one part's sounds to the other's; 1 is one quite other letter."""
    return _cost(left, right, across=False)


@lru_cache(maxsize=131_072)
def consonant_cost(left: str, right: str) -> float:
    """The same where one script writes no vowels, or writes other ones: vowels cost next to nothing."""
    return _cost(left, right, across=True)


def consonant_mass(sounds: str) -> float:
    """How much there is to compare across scripts: 1 a consonant, a half for one that may be left out."""
    return sum(0.5 if sound in _WEAK else 1.0 for sound in sounds if sound not in VOWELS)


def _cost(left: str, right: str, *, across: bool) -> float:
    near = _NEAR_ACROSS if across else _NEAR
    gaps_right = [_gap(right, place, across) for place in range(len(right))]
    row = [0.0]
    for gap in gaps_right:
        row.append(row[-1] + gap)
    for place, sound in enumerate(left):
        gap = _gap(left, place, across)
        before, row = row, [row[0] + gap]
        for column, other in enumerate(right):
            if sound == other:
                change = 0.0
            elif across and sound in VOWELS and other in VOWELS:
                change = 0.05
            else:
                change = near.get((sound, other), 1.0)
            row.append(min(before[column] + change, before[column + 1] + gap, row[column] + gaps_right[column]))
    return row[-1]


def _gap(sounds: str, place: int, across: bool) -> float:
    """What it costs that only one of the two has this sound."""
    sound = sounds[place]
    if across:
        return 0.3 if sound == "E" else 0.05 if sound in VOWELS else 0.25 if sound in _WEAK else 1.0
    if sound in VOWELS:
        return 0.7 if place == len(sounds) - 1 or place == 0 else 0.5
    if sound == "h" and place == len(sounds) - 1:
        return 0.2
    return 0.4 if sound in _WEAK else 1.0
