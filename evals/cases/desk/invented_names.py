"""Invented stems for names: the same stem in every script, from a secret, so that nobody can tell what it stands for.

A stem is a few syllables that Latin, Cyrillic, Greek, Arabic, Hebrew, Georgian, Armenian and Devanagari letters and, of
a poorer choice, Hangul, kana and Han signs can write. What follows the stem in a name (``-ova``, ``-sson``, a case
ending) is the original's: it tells origin and gender, and keeps a declined name declined.
"""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Iterator
from hashlib import sha256
from typing import Final

UNSEGMENTED: Final = frozenset({"HAN", "HANGUL", "KANA"})
"""Scripts that write no space between the parts of a name, or none between a name and what belongs to it."""
CASED: Final = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN"})
"""Scripts whose names begin with a capital."""

_CONSONANTS: Final = "b d f g k l m n p r s t v z".split()
_VOWELS: Final = "a e i o u".split()
_CODAS: Final = ("", "", "l", "n", "r", "s")
_LETTERS: Final = {
    "CYRILLIC": ("б д ф г к л м н п р с т в з", "а е и о у"),
    "GREEK": ("β δ φ γ κ λ μ ν π ρ σ τ β ζ", "α ε ι ο ου"),
    "ARABIC": ("ب د ف غ ك ل م ن ب ر س ت ف ز", "ا ي ي و و"),
    "HEBREW": ("ב ד פ ג ק ל מ נ פ ר ס ט ו ז", "א א י ו ו"),
    "GEORGIAN": ("ბ დ ფ გ კ ლ მ ნ პ რ ს ტ ვ ზ", "ა ე ი ო უ"),
    "ARMENIAN": ("բ դ ֆ գ կ լ մ ն պ ր ս տ վ զ", "ա ե ի ո ու"),
    "DEVANAGARI": ("ब द फ ग क ल म न प र स त व ज", "ा े ि ो ु"),
}
_HAN: Final = {
    "la": "拉", "li": "丽", "lu": "鲁", "ma": "玛", "mi": "米", "mo": "莫", "na": "娜", "ni": "妮", "nu": "努",
    "sa": "萨", "pa": "帕", "pi": "皮", "ta": "塔", "ti": "提", "tu": "图", "ka": "卡", "ke": "克", "ba": "巴",
    "bi": "比", "bo": "波", "bu": "布", "da": "达", "di": "迪", "du": "杜", "fa": "法", "fu": "福", "ge": "格",
    "gu": "古", "su": "苏", "ne": "内",
}  # fmt: skip
_KANA: Final = dict(
    zip(
        "ba be bi bo bu da de do ka ke ki ko ku ma me mi mo mu na ne ni no nu pa pe pi po pu ra re ri ro ru sa se so su"
        " ta te to".split(),
        "バ ベ ビ ボ ブ ダ デ ド カ ケ キ コ ク マ メ ミ モ ム ナ ネ ニ ノ ヌ パ ペ ピ ポ プ ラ レ リ ロ ル サ セ ソ ス"
        " タ テ ト".split(),
        strict=True,
    )
)
_LEADS: Final = {"b": 7, "d": 3, "g": 0, "k": 15, "l": 5, "m": 6, "n": 2, "p": 17, "r": 5, "s": 9, "t": 16}
_MIDDLES: Final = {"a": 0, "e": 5, "i": 20, "o": 8, "u": 13}
_OPEN: Final = {
    "HAN": tuple(_HAN),
    "KANA": tuple(_KANA),
    "HANGUL": tuple(lead + vowel for lead in _LEADS for vowel in _MIDDLES),
}


def script_of(text: str) -> str:
    """The script of the first letter (``LATIN``, ``CYRILLIC``, ``HAN``, ``KANA`` …), empty without a letter."""
    for char in text:
        if char.isalpha():
            first = unicodedata.name(char, "").split(" ")[0].split("-")[0]
            return {"CJK": "HAN", "HIRAGANA": "KANA", "KATAKANA": "KANA", "FULLWIDTH": "LATIN"}.get(first, first)
    return ""


def can_write(script: str) -> bool:
    """Whether an invented stem can be written in the script."""
    return script == "LATIN" or script in _LETTERS or script in UNSEGMENTED


def invent_stems(secret: bytes, key: str, scripts: frozenset[str], signs: int) -> Iterator[tuple[str, ...]]:
    """Stems for a key, one after another, the same ones each time: to be tried until one clashes with nothing.

    ``scripts`` are those the stem must be written in; ``signs`` is the number of signs in an unsegmented one.
    """
    unsegmented = sorted(scripts & UNSEGMENTED)
    attempt = 0
    while True:
        drawn = _draw(secret, f"{key}\n{attempt}")
        if unsegmented:
            open_syllables = [one for one in _OPEN[unsegmented[0]] if all(one in _OPEN[other] for other in unsegmented)]
            yield tuple(open_syllables[next(drawn) % len(open_syllables)] for _ in range(max(1, signs)))
        else:
            first = _CONSONANTS[next(drawn) % 14] + _VOWELS[next(drawn) % 5] + _CODAS[next(drawn) % 6]
            second = _CONSONANTS[next(drawn) % 14] + _VOWELS[next(drawn) % 5]
            yield (first, second, _CONSONANTS[next(drawn) % 14])
        attempt += 1


def write_stem(syllables: tuple[str, ...], script: str) -> str:
    """The stem in small letters of a script that ``can_write``."""
    if script == "HAN":
        return "".join(_HAN.get(one, "巴") for one in syllables)
    if script == "KANA":
        return "".join(_KANA.get(one, "バ") for one in syllables)
    if script == "HANGUL":
        return "".join(chr(0xAC00 + (_LEADS[one[0]] * 21 + _MIDDLES[one[1]]) * 28) for one in syllables)
    latin = "".join(syllables)
    if script not in _LETTERS:
        return latin
    consonants, vowels = _LETTERS[script]
    letters = dict(zip(_CONSONANTS, consonants.split(), strict=True)) | dict(zip(_VOWELS, vowels.split(), strict=True))
    return "".join(letters[char] for char in latin)


def draw_number(secret: bytes, key: str, below: int) -> int:
    """A number from 0 to below ``below`` that the secret and the key fix."""
    return int.from_bytes(hmac.digest(secret, key.encode("utf-8", "surrogatepass"), sha256), "big") % below


def _draw(secret: bytes, key: str) -> Iterator[int]:
    place = 0
    while True:
        yield draw_number(secret, f"{key}\n{place}", 1 << 32)
        place += 1
