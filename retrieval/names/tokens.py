"""A name's bare tokens: what two ways of writing the same name have in common."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_APOSTROPHES: Final = re.compile("['’‘ʼ`´ʹʿʾ]")
_INITIALS: Final = re.compile(r"(?<=\b\w)\.(?=\w\b)")
_SEPARATORS: Final = re.compile(r"[\W_]+")
_LETTERS: Final = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "ı": "i", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ё": "е"}
)


def fold_tokens(name: str) -> list[str]:
    """A name's tokens without case, accents and punctuation, in the order written."""
    split = unicodedata.normalize("NFKD", _INITIALS.sub("", _APOSTROPHES.sub("", name)))
    bare = "".join(char for char in split if not unicodedata.combining(char))
    return _SEPARATORS.sub(" ", bare.casefold().translate(_LETTERS)).split()


def same_person_name(left: str, right: str) -> bool:
    """Whether two names have the same tokens, in any order."""
    return sorted(fold_tokens(left)) == sorted(fold_tokens(right))
