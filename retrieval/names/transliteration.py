"""Tokens of any script in Latin letters, and the consonants that are left of a name however it was spelled.

Arabic and Hebrew write no short vowels, Japanese adds some, and every list romanises them in its own way: what survives
is the order of the consonants, once letters that stand for one sound are folded into one.
"""

from __future__ import annotations

import re
from typing import Final

from anyascii import anyascii

_SYLLABIC: Final = re.compile("^[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\uac00-\ud7a3]+$")
"""Han and Hangul: one sign is one syllable, and a name has no spaces."""
_LONGEST_PERSON: Final = 4
_COMPOUND_SURNAME_WORDS: Final = """
    欧阳 歐陽 司马 司馬 诸葛 諸葛 上官 司徒 东方 東方 皇甫 尉迟 公孙 慕容 令狐 端木 独孤 南宫 夏侯 남궁 황보 제갈 선우
"""
_COMPOUND_SURNAMES: Final = frozenset(_COMPOUND_SURNAME_WORDS.split())
_ARABIC: Final = re.compile("[\u0600-\u06ff]")
_ARABIC_PREFIX: Final = re.compile(r"^ال(?=\w{3})")
_ARABIC_INNER: Final = re.compile(r"(?<=\w\w)ال(?=\w{3})")
"""The article in names written in one, as in Abd-al-Rahim."""
_HEBREW_PREFIX: Final = re.compile(r"^אל(?=[\u05d0-\u05ea]{3})")
_LETTER_ROWS: Final = (
    ("אבגדהוזחטיכךלמםנןסעפףצץקרשת", "a b g d h w z h t y k k l m m n n s a p p ts ts k r sh t"),
    ("اأإآٱعءئؤيیىكکهحةثذظضصغگچژپخش", "a a a a a a a y w y y a k k hh hh a th d d d s gh g ch zh p kh sh"),
)
"""Where anyascii is ambiguous or reads another language; an ``hh`` after ``s`` cannot be read as ``sh``."""
_LETTERS: Final = str.maketrans(
    {letter: latin for letters, row in _LETTER_ROWS for letter, latin in zip(letters, row.split(), strict=True)}
    | dict.fromkeys("ッっー", "")
)
_NOT_LETTERS: Final = re.compile(r"[^a-z0-9]+")
_FOLDS: Final = (
    (re.compile("tsch|tch|sch|ch|sh|cz|tz|ts"), "s"),
    (re.compile("dzh|dj|zh|gh|j|dg"), "g"),
    (re.compile("kh"), "h"),
    (re.compile("th"), "t"),
    (re.compile("dh|z"), "d"),
    (re.compile("c(?=[eiy])"), "s"),
    (re.compile("ck|c|q"), "k"),
    (re.compile("x"), "ks"),
    (re.compile("ph|^w(?=[lr])|[fpv]"), "b"),
    (re.compile("l"), "r"),
)
_VOWELS: Final = re.compile("[aeiouyw]+|(?<=.)h+$")
_DOUBLED: Final = re.compile(r"(.)\1+")
_SERVANT: Final = re.compile("^bdr(?=.)")
"""Abd al-, Abdul: the article inside falls away or into the next consonant."""


def latinise(token: str) -> list[str]:
    """One lower-case token of any script as one or more lower-case Latin ones; none when nothing can be read.

    An Arabic or Hebrew article becomes a token of its own. A Han or Hangul token of up to four signs is taken for a
    person: family name, then the given name in one; a longer one is cut into its syllables.
    """
    if token.isascii() and token.isalnum():
        return [token]
    readings = (anyascii(cut.translate(_LETTERS)).lower() for cut in _cut(token))
    return [latin for reading in readings if (latin := _NOT_LETTERS.sub("", reading))]


def reduce_consonants(token: str) -> str:
    """The folded consonants of a lower-case Latin token, without vowels, doubled letters and a silent last h."""
    reduced = token
    for pattern, letter in _FOLDS:
        reduced = pattern.sub(letter, reduced)
    return join_consonants(_VOWELS.sub("", reduced))


def join_consonants(*parts: str) -> str:
    """Consonants of neighbouring parts as those of one."""
    return _SERVANT.sub("bd", _DOUBLED.sub(r"\1", "".join(parts)))


def _cut(token: str) -> list[str]:
    if _SYLLABIC.match(token):
        if len(token) > _LONGEST_PERSON:
            return list(token)
        family = 2 if token[:2] in _COMPOUND_SURNAMES else 1
        return [token[:family], token[family:]]
    if _ARABIC.match(token):
        return _ARABIC_INNER.sub(" ال ", _ARABIC_PREFIX.sub("ال ", token)).split()
    return _HEBREW_PREFIX.sub("אל ", token).split()
