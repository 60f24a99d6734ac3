"""A firm's written name: distinctive words, filler, and the legal form folded by kind (OOO, LLC and Ltd are one)."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import Final

from rigour._core import extract_org_types

from agent.domain.taxonomy import NamePartRelation as Relation
from retrieval.names.alignment import Closeness, Meeting, align
from retrieval.names.parts import ROMAN_NUMERAL, Part, WrittenName, fold_word, read_words

_FILLER_WEIGHT: Final = 0.25
_GENERIC_WEIGHT: Final = 0.5
_OWN_FORMS: Final = {
    "JSC": "ао оао ojsc прат пат ват".split(),
    "LLC": "тоо жшс тов doo pte kk".split(),
    "": "co corp corporation company компания компани private public".split(),
    "STATE": "фгуп гуп муп".split(),
}
"""Forms that rigour leaves out, as too short or too common to be removed from any text; "" says nothing of the kind."""
_FORM_OF: Final = {word: form for form, words in _OWN_FORMS.items() for word in words}
_STOP_WORDS: Final = frozenset(
    "the and of for de la le les du des del di da y e et und der die das von i и el al a an in on by & fur".split()
)
_FILLER: Final = frozenset(
    """group gruppe gruppa holding holdings international intl global company firm enterprise enterprises gruppo groupe
    grup kholding concern konzern""".split()
)
_GENERIC: Final = frozenset(
    """bank banka banque banco trading trade services service investment investments invest industries industry
    industrial foundation association organization organisation committee general shipping logistics transport
    construction engineering technology technologies consulting management development commercial import export
    exchange travel university institute center centre factory plant society union fund agency factory bureau
    corporation oil gas energy petroleum steel metals mining pharmaceutical""".split()
)
_ACRONYM: Final = re.compile(r"[^\W\d_]{2,6}")


@lru_cache(maxsize=65_536)
def read_firm(name: str) -> tuple[WrittenName, tuple[tuple[Part, str], ...]]:
    """A firm's words without stop words, weighed, and its legal forms with their kind, in the order written."""
    read = read_words(name)
    spans = _find_forms(read.text)
    words: list[Part] = []
    forms: list[tuple[Part, str]] = []
    for part in read.parts:
        kind = next((kind for start, end, kind in spans if start <= part.start and part.end <= end), None)
        if kind is None:
            kind = _FORM_OF.get(fold_word(read.text[part.start : part.end]))
        if kind is not None and not ROMAN_NUMERAL.fullmatch(part.latin):
            if forms and forms[-1][1] == kind:
                forms[-1] = (replace(forms[-1][0], end=part.end), kind)
            else:
                forms.append((part, kind))
        elif part.latin not in _STOP_WORDS:
            words.append(replace(part, initial=False, weight=_weigh(part)))
    return replace(read, parts=tuple(words)), tuple(forms)


def looks_like_firm(name: str) -> bool:
    """Whether a name of unknown kind carries a legal form, a number or a word that firms are called by."""
    words, forms = read_firm(name)
    return bool(forms) or any(
        part.latin in _FILLER or part.latin in _GENERIC or any(char.isdigit() for char in part.latin)
        for part in words.parts
    )


def align_firms(left: WrittenName, right: WrittenName) -> list[Meeting]:
    """The words of two firms; a changed number is another firm, and no word has nicknames."""
    return [_tighten(meeting) for meeting in align(left.parts, right.parts)]


def match_forms(left: tuple[tuple[Part, str], ...], right: tuple[tuple[Part, str], ...]) -> Relation | None:
    """How the legal forms stand to each other: None where neither name has one."""
    if not left and not right:
        return None
    if not left or not right:
        return Relation.MISSING
    if [part.latin for part, _ in left] == [part.latin for part, _ in right]:
        return Relation.SAME
    kinds, others = {kind for _, kind in left if kind}, {kind for _, kind in right if kind}
    return Relation.KNOWN_VARIANT if kinds & others or not kinds or not others else Relation.DIFFERENT


def is_acronym_of(short: WrittenName, long: WrittenName) -> bool:
    """Whether one name is the capital first letters of the other's words."""
    if len(short.parts) != 1 or len(long.parts) < 2:
        return False
    written = short.text[short.parts[0].start : short.parts[0].end]
    if not _ACRONYM.fullmatch(written) or not written.isupper():
        return False
    return short.parts[0].latin == "".join(part.latin[0] for part in long.parts)


def _tighten(meeting: Meeting) -> Meeting:
    """A firm's word may be spelled otherwise only a little; forms of given names are other words here."""
    closeness = meeting.closeness
    loose = closeness.relation is Relation.SPELLING and closeness.value < _FIRM_SPELLING
    if closeness.relation is Relation.KNOWN_VARIANT or loose:
        return replace(meeting, closeness=Closeness(closeness.value / 2, Relation.DIFFERENT))
    return meeting


_FIRM_SPELLING: Final = 0.66


def _weigh(part: Part) -> float:
    if part.latin in _FILLER:
        return _FILLER_WEIGHT
    return _GENERIC_WEIGHT if part.latin in _GENERIC else 1.0


def _find_forms(text: str) -> list[tuple[int, int, str]]:
    lowered = text.lower()
    if len(lowered) != len(text):
        return []
    found: list[tuple[int, int, str]] = []
    for matched, kind in extract_org_types(lowered, 0, 0, True):
        start = lowered.rfind(matched)
        if start >= 0:
            found.append((start, start + len(matched), kind))
    return found
