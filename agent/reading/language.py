"""Which language an article is written in, and whether that can be relied on."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

UNDETERMINED: Final = "und"
MIN_LETTERS: Final = 20
"""Fewer letters than this say nothing about a language."""

_CHUNKS: Final = 7
_CHUNK_CHARS: Final = 900
_SURE: Final = 0.80
"""Probability from which the majority's language stands without the source system's word for it."""
_MAJORITY: Final = 0.6
"""Share of the sampled letters that must speak for the language."""

_SMALL_SHARE: Final = 0.12
_SMALL_WORDS: Final = {
    "en": frozenset(
        "the of and to in was is for on that by with at from has had were his her its an as who be are".split()
    ),
    "es": frozenset("el la los las de del y en que por con para una fue ha su al se como según sobre tras".split()),
    "fr": frozenset("le la les des du et en que qui par pour une est été dans sur avec aux selon au ses".split()),
    "de": frozenset("der die das und in von mit den dem des ein eine wurde ist für auf wegen hat nach im zu".split()),
    "pt": frozenset("o a os as do da dos das e em que por com para uma foi no na ao pelo segundo não".split()),
}
_LETTER: Final = re.compile(r"[^\W\d_]")
_NOISE: Final = re.compile(r"https?://\S+|www\.\S+|\S+@\S+|[\d_]+")
_CYRILLIC: Final = frozenset(
    ("ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "mn", "tg", "tt", "ba"),
)
_GREEK: Final = frozenset(("el", "grc"))
_NO_LANGUAGE: Final = "zxx"
_LATIN_READ: Final = frozenset(("en", "es", "fr", "de", "pt"))
_TELLING_LETTERS: Final = (
    ("be", re.compile("ў")),
    ("uk", re.compile("[їєґ]")),
    ("sr", re.compile("[ђћ]")),
    ("mk", re.compile("[ѓќѕ]")),
    ("kk", re.compile("[әғқңұһ]")),
)
_RUSSIAN_LETTERS: Final = re.compile("[ыэё]")
_OTHER_CYRILLIC: Final = re.compile("[іїєґўђћџљњјѓќѕәғқңөұүһ]")


def detect_language(text: str, hint: str | None) -> tuple[str, bool]:
    """The ISO 639-1 code of most of ``text``, and whether it is dependable.

    ``hint`` is the source system's word: it settles an unsure result that agrees with it and overrules none.
    A text with fewer than ``MIN_LETTERS`` letters gives ``("und", False)``.
    """
    votes: Counter[str] = Counter()
    certainty: dict[str, float] = {}
    for chunk in _sample_chunks(text):
        letters = len(_LETTER.findall(chunk))
        if letters < MIN_LETTERS:
            continue
        code, probability = _classify(chunk)
        votes[code] += letters
        certainty[code] = max(certainty.get(code, 0.0), probability)
    if not votes:
        return UNDETERMINED, False
    code, letters = votes.most_common(1)[0]
    if code == _NO_LANGUAGE:
        return UNDETERMINED, False
    sure = letters >= _MAJORITY * votes.total() and (certainty[code] >= _SURE or _speaks_for_itself(code, text))
    agreed = hint is not None and hint.lower()[:2] == code and letters * 2 > votes.total()
    return code, (sure or agreed) and _script_fits(code, text)


def _speaks_for_itself(code: str, text: str) -> bool:
    """Whether a short text of many names still shows its language's small words, and no other's as much."""
    words = re.findall(r"[^\W\d_]+", text[:_CHUNK_CHARS].lower())
    counts = {language: sum(word in small for word in words) for language, small in _SMALL_WORDS.items()}
    own = counts.pop(code, 0)
    return own >= 3 and own >= _SMALL_SHARE * len(words) and own >= 2 * max(counts.values())


def _sample_chunks(text: str) -> list[str]:
    """A bounded sample: the whole of a short text, else stretches spread evenly over it; addresses and figures off."""
    if len(text) <= _CHUNKS * _CHUNK_CHARS:
        cleaned = _NOISE.sub(" ", text)
        size = max(_CHUNK_CHARS, -(-len(cleaned) // _CHUNKS))
        chunks = [cleaned[start : start + size] for start in range(0, len(cleaned), size)]
        if len(chunks) > 1 and len(chunks[-1]) < _CHUNK_CHARS // 3:
            chunks[-2:] = [chunks[-2] + chunks[-1]]
        return chunks
    step = (len(text) - _CHUNK_CHARS) // (_CHUNKS - 1)
    return [_NOISE.sub(" ", text[start : start + _CHUNK_CHARS]) for start in range(0, step * _CHUNKS, step)]


def _classify(chunk: str) -> tuple[str, float]:
    """The likeliest language of a chunk and its probability, letters that only one language has taken as proof."""
    code, probability = _load_identifier().classify(chunk)
    if code not in _CYRILLIC:
        return str(code), float(probability)
    lowered = chunk.lower()
    for language, letters in _TELLING_LETTERS:
        if len(letters.findall(lowered)) >= 3:
            return language, max(float(probability), _SURE) if language == code else _SURE
    if _RUSSIAN_LETTERS.search(lowered) and not _OTHER_CYRILLIC.search(lowered) and code in {"bg", "uk", "sr", "mk"}:
        return "ru", _SURE
    return str(code), float(probability)


@lru_cache(maxsize=1)
def _load_identifier() -> LanguageIdentifier:
    """The identifier with its probabilities normalised."""
    # The model takes a moment to load and numpy with it; only the first article pays.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def _script_fits(code: str, text: str) -> bool:
    """Whether most letters of the text are of a script the language is written in."""
    scripts = Counter(
        unicodedata.name(letter, "?").split(" ", 1)[0] for letter in _LETTER.findall("".join(_sample_chunks(text)))
    )
    if not scripts:
        return False
    script = scripts.most_common(1)[0][0]
    if script == "CYRILLIC":
        return code in _CYRILLIC
    if script == "GREEK":
        return code in _GREEK
    if script == "LATIN":
        return code == "sr" or code not in _CYRILLIC | _GREEK
    return code not in _LATIN_READ
