"""A written name as the parts held against another's: folded, joined where one name takes two words, weighed."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from rigour._core import codepoint_script

from retrieval.names.spelling import fold_sounds
from retrieval.names.transliteration import latinise

LONGEST_NAME: Final = 300
"""Characters that are read; no name of a person or firm is longer."""
MOST_PARTS: Final = 16
LONGEST_PART: Final = 40
_APOSTROPHES: Final = re.compile("['’‘ʼ`´ʹʿʾ׳״ـッ]")
"""With the Japanese sign that doubles the next consonant: doubled letters count once."""
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_ACCENTS: Final = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]")
_WORD: Final = re.compile(
    r"[^\W_](?:[^\W_]|['’‘ʼ`´ʹʿʾ׳״ـ\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0900-\u0dff\u0e00-\u0eff\u1000-\u109f])*"
)
"""Vowel signs of Indic scripts are marks, which \\w leaves out: they stay with their word."""
_ALPHABETS: Final = frozenset({"Latin", "Cyrillic", "Greek", "Armenian", "Georgian"})
"""Scripts that write their vowels: what they say of a name can be held against each other letter by letter."""
_LOOKALIKES: Final = str.maketrans("аеорсухіјѕԁһӏοανρικ", "aeopcyxijsdhloavpik")
_LETTERS: Final = str.maketrans(
    {
        "š": "sh",
        "ş": "sh",
        "ș": "sh",
        "ž": "zh",
        "č": "ch",
        "ć": "ch",
        "ç": "ch",
        "đ": "dj",
        "ł": "l",
        "ø": "o",
        "ß": "ss",
    }
)
_ARABIC_FORMS: Final = str.maketrans("أإآٱىیئؤکگڪةۀ", "اااايييوكككهه")
_HEBREW_GHAYN: Final = re.compile("ע['’׳]")
_ARTICLE: Final = re.compile("^(|عبد|עבד)(?:ال|אל)(?=\\w{2}(?!$)|(?<=.{4})(?!له|לה)\\w{2})")
_SYLLABIC: Final = frozenset({"Han", "Hangul"})
_ABJADS: Final = frozenset({"Arabic", "Hebrew", "Syriac"})
_TITLES: Final = frozenset(
    """mr mrs ms miss dr prof professor sir dame lord lady madam mister doctor eng engineer capt captain col colonel gen
    general lt lieutenant maj major sgt admiral brigadier brig commander judge president minister senator rev father
    haji hajji hadji hajj alhaj alhajj elhadj mullah mulla mollah molla maulavi molavi maulvi mawlawi maulawi moulavi
    mawlavi mufti qari hafiz hafez ustad ustadh imam ayatollah hojjatoleslam mawlana maulana dipl herr frau monsieur
    señor senor don doña haj khadzhi mulloh molawi doktor haaji""".split()
)
_TITLES_IN_CONSONANTS: Final = frozenset("mlwy mwlwy hjy haji mla mawlwy shykh aldktwr".split())
_SOFT_FIRST: Final = frozenset(
    """sheikh shaikh shaykh cheikh shekh sheiky sayyid sayed syed seyed sayyed seyyed alsayed elsayed qari kari qary mir
    mirza""".split()
)
_SOFT_LATER: Final = frozenset(
    """agha aga akhund akhond akhundzada khan jan shah bey effendi mirza sahib saheb kyzy oglu ogly qizi zada zadeh jr
    sr junior senior ii iii iv st sayyid sayed syed""".split()
)
"""Words that are now a title, now a name, at the beginning or after it: their absence says nothing."""
_PARTICLES: Final = frozenset(
    """al el ul as ash an ar ad at az ed es ur ud ibn bin ben bint binti wa van von der den de da di do dos das du del
    della la le los las y e i und ter ten zu zum af av san bn bnt ag ould wld ap ba u o aru ibun""".split()
)
_KEPT_FIRST: Final = frozenset("ben al ed san an as".split())
"""Particles that are a given name too where they stand first and one part would be left."""
_SERVANT: Final = re.compile("^(?:abd|ebd|abed$)(?:[aeou]{1,2}(?:l|r|s|n|z|sh)?)?$|^a?bd$|^abudo?u?(?:ru)?$")
_KUNYA: Final = frozenset("abu abou abo abi umm um oum bw".split())
_OF_FAITH: Final = re.compile(
    "^(?:u|e|a)?(?:d|l)?d?(?:din|deen|dine|dyn|ddin|ddine)$|^(?:u|a|o|e)?l?l(?:a|o)h$|^a?l?lh$"
)
ROMAN_NUMERAL: Final = re.compile("i{2,3}|iv|vi{0,3}|ix|xi{0,3}")
_PATRONYMIC: Final = re.compile("(?:ovich|evich|ovych|evych|avich|yevich|ovna|evna|yevna|ivna|auna|euna|avna)$")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a written name. ``latin`` is ``a-z0-9``, ``sounds`` what is compared, ``weight`` how much it says."""

    latin: str
    sounds: str
    script: str
    start: int
    end: int
    """Where it stands in the name's text."""
    weight: float = 1.0
    initial: bool = False

    @property
    def lossy(self) -> bool:
        """Whether its script leaves sounds out, or writes syllables of its own."""
        return self.script not in _ALPHABETS


@dataclass(frozen=True, slots=True)
class WrittenName:
    """A name's text and its parts in the order written; ``mixed`` when letters of two alphabets stand in one word."""

    text: str
    parts: tuple[Part, ...]
    mixed: bool = False


@lru_cache(maxsize=65_536)
def fold_word(word: str) -> str:
    """A word in lower case without accents, points and apostrophes, in its own script."""
    lowered = _APOSTROPHES.sub("", _HEBREW_GHAYN.sub("ג", word.casefold())).translate(_LETTERS)
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", lowered))
    return _ARTICLE.sub(r"\1", unicodedata.normalize("NFC", bare).translate(_ARABIC_FORMS))


@lru_cache(maxsize=65_536)
def word_script(word: str) -> tuple[str, bool]:
    """The script of a word's letters and whether two alphabets are mixed in it; "" for a number."""
    found = {script for char in word if (script := codepoint_script(ord(char))) not in (None, "Common", "Inherited")}
    alphabets = sorted(str(script) for script in found & _ALPHABETS)
    others = sorted(str(script) for script in found - _ALPHABETS)
    return (others or alphabets or [""])[0], len(alphabets) > 1


def read_words(name: str) -> WrittenName:
    """The words of a name, at most ``MOST_PARTS``: dots, hyphens and commas part them, apostrophes do not."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", name[:LONGEST_NAME]))
    parts: list[Part] = []
    mixed = False
    for found in _WORD.finditer(text):
        folded = fold_word(found[0])
        script, confused = word_script(folded)
        mixed = mixed or confused
        latins = latinise(folded.translate(_LOOKALIKES) if confused else folded)
        if script not in _SYLLABIC:
            latins = ["".join(latins)] if latins else []
        ends = _sign_ends(found.start(), found.end(), len(latins))
        single = len(folded) == 1 and script in _ALPHABETS
        start = found.start()
        for latin, end in zip(latins, ends, strict=True):
            latin = latin[:LONGEST_PART]
            sounds = _sound_signs(folded) if script in _ABJADS else fold_sounds(latin)
            parts.append(Part(latin, sounds, script, start, end, initial=single))
            start = end
    return WrittenName(text, tuple(parts[:MOST_PARTS]), mixed)


@lru_cache(maxsize=65_536)
def read_person(name: str) -> WrittenName:
    """A person's name: titles and particles left out, ``Abd al-Rahman`` and ``Salah ud-Din`` one part each."""
    read = read_words(name)
    joined = _join(_drop(read.parts))
    return replace(read, parts=tuple(_weigh(part, first=place == 0) for place, part in enumerate(joined)))


def are_comparable(left: str, right: str) -> bool:
    """Whether the scripts of two words say enough for a difference in letters to be one of the names."""
    scripts = {word_script(fold_word(word))[0] for word in (left, right)}
    return len(scripts) == 1 or scripts <= _ALPHABETS | {""}


def is_patronymic(latin: str) -> bool:
    """Whether a part ends as East Slavic patronymics do."""
    return len(latin) > 5 and bool(_PATRONYMIC.search(latin))


def join_parts(first: Part, second: Part) -> Part:
    """Two neighbours as one part."""
    latin, sounds = first.latin + second.latin, first.sounds + second.sounds
    if not first.lossy and _OF_FAITH.match(second.latin) and second.latin.endswith(("n", "ne")):
        latin, sounds = f"{first.latin}uddin", f"{first.sounds}din"
    if first.lossy and _OF_FAITH.match(second.latin) and second.latin.endswith("h"):
        sounds = f"{first.sounds}lh"
    if _SERVANT.match(first.latin):
        latin, sounds = f"abd{second.latin}", f"abd{second.sounds}"
    weight = max(first.weight, second.weight)
    return replace(first, latin=latin, sounds=sounds, end=second.end, weight=weight, initial=False)


def _sound_signs(word: str) -> str:
    """A word of a script without vowels sign by sign: what stands side by side in it may have a vowel between."""
    return "".join(fold_sounds(latin) for sign in word[:LONGEST_PART] for latin in latinise(sign)).replace("llh", "lh")


def _sign_ends(start: int, end: int, count: int) -> list[int]:
    """Where the pieces of a word end: one, each sign for itself, or a Han or Hangul family name and the given name."""
    length = end - start
    if count <= 1:
        return [end][:count]
    if count == length:
        return list(range(start + 1, end + 1))
    return [start + (2 if length == 4 else 1), end]


def _drop(words: tuple[Part, ...]) -> tuple[Part, ...]:
    """Without titles and particles; whatever is left of a name that has nothing else stays."""
    kept = (
        tuple(word for word in words if word.latin not in (_TITLES_IN_CONSONANTS if word.lossy else _TITLES)) or words
    )
    bare = tuple(word for word in kept if word.initial or word.latin not in _PARTICLES)
    if len(bare) == 1 and len(kept) == 2 and kept[0].latin in _KEPT_FIRST and not kept[0].initial:
        return kept
    return bare or kept


def _join(words: tuple[Part, ...]) -> list[Part]:
    joined: list[Part] = []
    lone = False
    for word in words:
        last = joined[-1] if joined else None
        if last and not last.initial and not word.initial:
            begins = lone and (_SERVANT.match(last.latin) or last.latin in _KUNYA)
            if begins or (_OF_FAITH.match(word.latin) and len(last.latin) > 1 and last.latin not in _SOFT_FIRST):
                joined[-1], lone = join_parts(last, word), False
                continue
        joined.append(word)
        lone = True
    return joined


def _weigh(part: Part, *, first: bool) -> Part:
    if part.initial:
        return replace(part, weight=0.4)
    if part.latin in (_SOFT_FIRST if first else _SOFT_LATER):
        return replace(part, weight=0.25)
    return part
