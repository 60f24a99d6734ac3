"""Which legacy encoding bytes are in, answered only when one reading fits and every other is worse.

charset-normalizer tells scripts apart well, but takes French in windows-1252 for windows-1250 (measured), which is
mojibake. So Latin letters are decided by a rule that can be checked by eye: the language of the plain ASCII words, and
the letters that language writes with.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from functools import cache
from types import MappingProxyType
from typing import Any, Final

_CHARSETS: Final = MappingProxyType(
    {
        "cp1252": "windows-1252",
        "cp1250": "windows-1250",
        "cp1251": "windows-1251",
        "cp1253": "windows-1253",
        "cp1254": "windows-1254",
        "cp1255": "windows-1255",
        "cp1256": "windows-1256",
        "iso8859_6": "ISO-8859-6",
        "cp1257": "windows-1257",
        "iso8859_2": "ISO-8859-2",
        "iso8859_5": "ISO-8859-5",
        "iso8859_7": "ISO-8859-7",
        "iso8859_15": "ISO-8859-15",
        "koi8_r": "KOI8-R",
        "koi8_u": "KOI8-U",
        "cp866": "IBM866",
        "cp1125": "IBM1125",
        "mac_cyrillic": "x-mac-cyrillic",
        "mac_greek": "x-mac-greek",
        "cp932": "Shift_JIS",
        "euc_jp": "EUC-JP",
        "gb18030": "GB18030",
        "big5": "Big5",
        "cp949": "EUC-KR",
        "cp874": "windows-874",
    }
)
"""Python codec → the name people know. Nothing else is ever accepted."""
_LATIN_CHARSETS: Final = ("cp1252", "iso8859_15", "cp1250", "iso8859_2", "cp1254", "cp1257")
_WESTERN = "àâäáãåæçèéêëíîïñóôöøúüœ"
_ONLY_FOR: Final = MappingProxyType({"cp1254": ("tr",), "cp1257": ("et", "lv", "lt")})
_ALPHABETS: Final = MappingProxyType(
    {
        "en": _WESTERN,
        "fr": "àâæçéèêëîïôœùûüÿ",
        "de": "äöüßéè",
        "es": "áéíñóúü¿¡",
        "pt": "áâãàçéêíóôõúü",
        "it": "àèéìíîòóùú",
        "nl": "áàçéèêëíïóöúü",
        "sv": "åäöéàü",
        "da": "æøåéäöü",
        "nb": "æøåéèêóòôäöü",
        "no": "æøåéèêóòôäöü",
        "fi": "åäöšž",
        "pl": "ąćęłńóśźż",
        "cs": "áčďéěíňóřšťúůýž",
        "sk": "áäčďéíĺľňóôŕšťúýž",
        "hu": "áéíóöőúüű",
        "ro": "ăâîşţ",
        "hr": "čćđšž",
        "sl": "čšžćđ",
        "tr": "çğıöşüâîûi̇",
        "et": "äöõüšž",
        "lv": "āčēģīķļņšūž",
        "lt": "ąčęėįšųūž",
    }
)
"""Language → the letters beyond a–z that its own words use."""
_KANA = re.compile("[\u3041-\u30ff]")  # not the half-width forms: they are what other encodings turn into
_HAN = re.compile("[\u4e00-\u9fff\u3005]")
_KANA_OR_HAN = re.compile("[\u3041-\u30ff\u4e00-\u9fff\u3005]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_HANGUL_OR_HAN = re.compile("[\uac00-\ud7a3\u4e00-\u9fff]")
_SPACED = re.compile("(?<=[^\x00-\x7f]) (?=[^\x00-\x7f])")
_COMMON_HAN: Final = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动這為個國時來們於對會發動"
)
_SURE_LANGUAGE = 0.8
_JOINERS = "’‘·\u00ad"
_SIGNS = "‘’‚“”„‹›«»–—…•·§€£©®™№،؛؟\u00a0\u00ad"
_BY_DIGITS = "°ªº½¼¾²³×±"
_WORD = re.compile(r"[^\W\d_]+")
_FOREIGN = re.compile(r"[^\x00-\x7f]")


def name_charset(codec: str) -> str:
    """The name of an accepted codec as people know it."""
    return _CHARSETS[codec]


def resolve_declared(label: str) -> str | None:
    """The codec that a page's declared charset stands for, if it is one that is accepted at all."""
    try:
        codec = codecs.lookup(label).name.replace("-", "_")
    except LookupError:
        return None
    # Browsers read these labels as their supersets, and so were the pages written.
    codec = {"iso8859_1": "cp1252", "shift_jis": "cp932", "gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949"}.get(
        codec, codec
    )
    return codec if codec in _CHARSETS else None


def guess_charset(sample: bytes) -> str | None:
    """The codec of text that is known not to be UTF-8, or None when the bytes leave a doubt."""
    # Imported here: only files in legacy encodings need it.
    from charset_normalizer import from_bytes

    matches = list(from_bytes(sample, cp_isolation=list(_CHARSETS)))
    if not matches:
        return None
    best = matches[0]
    text = str(best)
    if _is_latin(text):
        return _guess_latin(sample)
    if best.encoding in _EAST_ASIAN:
        return _guess_east_asian(sample)
    if best.chaos > 0.1 or _count_mixed_words(text) or not _is_clean(text) or not _is_one_script(text):
        return None
    for other in matches[1:]:
        behind = other.chaos - best.chaos >= 0.05 or best.coherence - other.coherence >= 0.1
        if not behind and str(other) != text and _is_one_script(str(other)):
            return None
    return best.encoding


def _is_latin(text: str) -> bool:
    letters = [char for char in _FOREIGN.findall(text) if char.isalpha()]
    return sum(unicodedata.name(char, "").startswith("LATIN") for char in letters) * 2 >= len(letters)


def _is_clean(text: str) -> bool:
    """No control, private or unassigned character among the foreign ones."""
    return all(unicodedata.category(char) not in ("Cc", "Co", "Cn") for char in set(_FOREIGN.findall(text)))


def _is_one_script(text: str) -> bool:
    """Whether the foreign letters are one alphabet's, written as people write it: not in capitals, not cut by signs."""
    letters = [char for char in _FOREIGN.findall(text) if char.isalpha()]
    if not letters:
        return False
    scripts = Counter(unicodedata.name(char, "?").split(" ")[0] for char in letters)
    (_, most), small = scripts.most_common(1)[0], sum(not char.isupper() for char in letters)
    misfits = _count_misfits(text, "".join({char.lower() for char in letters}))
    return most >= 0.98 * len(letters) and small >= 0.5 * len(letters) and misfits <= 0.02 * len(letters)


def _count_mixed_words(text: str) -> int:
    """Words that mix a–z with another alphabet, which is what a wrong reading of accents looks like."""
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    mixed = sum(any(char.isascii() for char in word) for word in words)
    return mixed if mixed * 20 > len(words) else 0


def _guess_latin(sample: bytes) -> str | None:
    language = _detect_language(sample.decode("ascii", "ignore"))
    if language is None:
        return None
    readings: dict[str, str] = {}
    for codec in _LATIN_CHARSETS:
        try:
            readings.setdefault(sample.decode(codec), codec)
        except UnicodeDecodeError:
            continue
    if not readings:
        return None
    ranked = sorted((_count_misfits(text, _ALPHABETS[language]), codec, text) for text, codec in readings.items())
    misfits, codec, text = ranked[0]
    unique = len(ranked) == 1 or ranked[1][0] > misfits
    if language not in _ONLY_FOR.get(codec, _ALPHABETS):
        return None
    return codec if unique and misfits * 10 <= len(_FOREIGN.findall(text)) and _is_clean(text) else None


def _count_misfits(text: str, alphabet: str) -> int:
    """Foreign characters that do not belong: other letters, a capital inside a word, a sign between two letters."""
    misfits = 0
    for found in _FOREIGN.finditer(text):
        char, at = found[0], found.start()
        before, after = text[at - 1 : at], text[at + 1 : at + 2]
        if char in _BY_DIGITS:
            misfits += not (before.isdigit() or after.isdigit())
        elif char.isalpha() or char in alphabet:
            odd_case = char.isupper() and before.islower()
            misfits += char.lower() not in alphabet or odd_case
        else:
            between = before.isalpha() and after.isalpha() and char not in _JOINERS
            mark = unicodedata.category(char) == "Mn"  # vowels of Arabic, Hebrew and Thai
            misfits += (char not in _SIGNS or between) and not mark
    return misfits


def _guess_east_asian(sample: bytes) -> str | None:
    """These encodings read each other's bytes without a fault, so only one may yield a plausible text."""
    plausible = []
    for codec, is_plausible in _EAST_ASIAN.items():
        try:
            text = sample.decode(codec)
        except UnicodeDecodeError:
            continue
        letters = [char for char in _FOREIGN.findall(text) if char.isalpha()]
        # Isolated or glued to a–z is how accents look in these encodings.
        stands_alone = len(letters) >= 10 and not _count_mixed_words(text)
        # Chinese and Japanese do not part words by spaces; Cyrillic read as either would.
        stands_alone &= codec == "cp949" or len(_SPACED.findall(text)) * 20 <= len(letters)
        if stands_alone and is_plausible(letters) and _is_clean(text):
            plausible.append(codec)
    return plausible[0] if len(plausible) == 1 else None


def _share(letters: list[str], pattern: re.Pattern[str]) -> float:
    return sum(pattern.match(char) is not None for char in letters) / len(letters)


def _is_japanese(letters: list[str]) -> bool:
    return _share(letters, _KANA) >= 0.15 and _share(letters, _KANA_OR_HAN) >= 0.98


def _is_korean(letters: list[str]) -> bool:
    return _share(letters, _HANGUL) >= 0.8 and _share(letters, _HANGUL_OR_HAN) >= 0.98


def _is_chinese(letters: list[str]) -> bool:
    return _share(letters, _HAN) >= 0.98 and sum(char in _COMMON_HAN for char in letters) >= 0.08 * len(letters)


_EAST_ASIAN: Final = MappingProxyType(
    {
        "cp932": _is_japanese,
        "euc_jp": _is_japanese,
        "cp949": _is_korean,
        "gb18030": _is_chinese,
        "big5": _is_chinese,
    }
)


def _detect_language(text: str) -> str | None:
    language, probability = _load_identifier().classify(text)
    return str(language) if probability >= _SURE_LANGUAGE else None


@cache
def _load_identifier() -> Any:
    # Imported here: loading the model takes most of a second and only Latin text in legacy encodings needs it.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(sorted(set(_ALPHABETS) & set(identifier.nb_classes)))
    return identifier
