"""Which part of one name meets which part of another: alike enough, contradicting, or without a counterpart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rapidfuzz.distance import Levenshtein

from agent.domain.taxonomy import NamePartRelation as Relation
from retrieval.names.nicknames import are_known_variants, is_given_name
from retrieval.names.parts import ROMAN_NUMERAL, Part, join_parts
from retrieval.names.spelling import (
    consonant_cost,
    consonant_mass,
    fold_sounds,
    spelling_cost,
    strip_article_of_servant,
)

ALLOWED_COST: Final = (0.0, 0.3, 0.4, 0.6, 0.9, 1.25, 1.5, 1.9, 2.2, 2.5)
"""How far two spellings of one part may lie apart, by the sounds of the shorter; the last for all longer ones."""
_FURTHEST: Final = 0.3
"""Below this share of sounds in common no cost is worked out."""
_ACROSS_MET: Final = 0.66
"""Across scripts, the share of the consonants that must agree for two parts to be one."""
_ACROSS_OPEN: Final = 0.4
"""Below it they contradict each other; between the two the scripts do not tell."""
_ACROSS_ENOUGH: Final = 2.0
"""Consonants below which a difference across scripts proves nothing."""
_ACROSS_LEAST: Final = 1.5
"""Consonants below which an agreement proves nothing either: ``Li`` and ``Lo``."""
_ACROSS_LONG: Final = 4.5
"""Consonants from which one may be another: transcriptions of long names drop or mistake one."""
_JOINED_AT_LEAST: Final = 0.8
_VARIANT: Final = 0.92
_ONLY_SPELLED: Final = 0.75
_KINSHIP: Final = re.compile(
    "(?:ovich|evich|ovych|evych|avich|ovna|evna|ivna|auna|euna|avna|uddin|eddin|eddine|aldin|din|ullah|allah|ollah|lah|"
    "shvili|adze|idze|idis|opoulos|yants|yan|ian|zai|zay|zadeh|zada|oglu|ogly|enko|chuk|skaya|skiy|skyi|sky|ski|tskyi|"
    "yeva|eva|ova|yev|iev|ev|ov|off|ovic|ovich|evic|sson|son|sen|mann|man|pour|vand|nejad|ani|ari|awi|avi|escu|wala)$"
)
"""Endings that a language gives to thousands of names: sharing one says nothing."""
_SERVANTS: Final = ("abd", "abu")
_SPELLED: Final = 0.5
_STEM: Final = 3
"""Letters that must be left of a part without the ending that it shares."""
_ARTICLE: Final = re.compile("^(?:al|el)(?=[a-z]{4})")


@dataclass(frozen=True, slots=True)
class Closeness:
    """How two parts stand to each other: 1 is the same; ``open`` when their scripts cannot tell."""

    value: float
    relation: Relation
    open: bool = False

    @property
    def met(self) -> bool:
        """Whether they are taken for one part."""
        return self.relation is not Relation.DIFFERENT


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two parts, or one part and nothing: what stands on either side, as the first and last place of its parts."""

    left: tuple[int, int] | None
    right: tuple[int, int] | None
    closeness: Closeness
    weight: float


@lru_cache(maxsize=131_072)
def compare_words(left: str, left_sounds: str, right: str, right_sounds: str) -> float:
    """How alike two Latin parts are spelled, 0 to 1: 0.5 and more is another spelling of it."""
    alike = _spelled_alike(left_sounds, right_sounds)
    if alike < _SPELLED and bool(_ARTICLE.match(left)) != bool(_ARTICLE.match(right)):
        left, right = _ARTICLE.sub("", left), _ARTICLE.sub("", right)
        alike = _spelled_alike(fold_sounds(left), fold_sounds(right))
    if alike >= _SPELLED:
        alike = min(alike, _stems_alike(strip_article_of_servant(left), strip_article_of_servant(right)))
    return round(alike, 4)


def compare_two(left: Part, right: Part) -> Closeness:
    """Two parts held against each other."""
    if left.initial or right.initial:
        short, long = (left, right) if left.initial else (right, left)
        if left.initial and right.initial and left.latin == right.latin:
            return Closeness(1.0, Relation.SAME)
        met = long.latin.startswith(short.latin) or long.sounds[:1] == short.sounds[:1]
        return Closeness(0.6, Relation.INITIAL) if met and not long.latin.isdigit() else _DIFFERENT
    same_script = left.script == right.script
    if left.latin == right.latin and not (left.lossy and same_script and len(left.latin) < 2):
        if same_script or left.latin.isdigit():
            return Closeness(1.0, Relation.SAME)
        return Closeness(0.97, Relation.TRANSLITERATED)
    if (
        left.latin.isdigit()
        or right.latin.isdigit()
        or (ROMAN_NUMERAL.fullmatch(left.latin) and ROMAN_NUMERAL.fullmatch(right.latin))
    ):
        return _DIFFERENT
    if are_known_variants(left.latin, right.latin):
        return _as_variant(left, right)
    if (left.lossy or right.lossy) and not same_script:
        return _across_scripts(left, right)
    alike = compare_words(left.latin, left.sounds, right.latin, right.sounds)
    if alike < _SPELLED or (left.sounds != right.sounds and is_given_name(left.latin) and is_given_name(right.latin)):
        # Hasan and Husayn, Jamal and Jamil: close in letters, and known to be two names.
        return Closeness(alike, Relation.DIFFERENT)
    return Closeness(alike, Relation.SPELLING if same_script or alike < 0.9 else Relation.TRANSLITERATED)


def _as_variant(left: Part, right: Part) -> Closeness:
    """Listed forms of one name: called another spelling where they are no more than that."""
    if left.lossy or right.lossy:
        met = _across_scripts(left, right).met
        return Closeness(_VARIANT, Relation.TRANSLITERATED if met else Relation.KNOWN_VARIANT)
    if compare_words(left.latin, left.sounds, right.latin, right.sounds) < _ONLY_SPELLED:
        return Closeness(_VARIANT, Relation.KNOWN_VARIANT)
    return Closeness(_VARIANT, Relation.SPELLING if left.script == right.script else Relation.TRANSLITERATED)


_DIFFERENT: Final = Closeness(0.0, Relation.DIFFERENT)


def _read_as_kana(left: Part, right: Part) -> tuple[str, str]:
    """The sounds of both; where one is in kana, which has no l, with every l as r."""
    if {left.script, right.script}.isdisjoint({"Katakana", "Hiragana"}):
        return left.sounds, right.sounds
    return left.sounds.replace("l", "r"), right.sounds.replace("l", "r")


@lru_cache(maxsize=131_072)
def _across_scripts(left: Part, right: Part) -> Closeness:
    """Where a script leaves sounds out: by consonants, and open where there are too few or they half agree."""
    masses = consonant_mass(left.sounds), consonant_mass(right.sounds)
    cost = consonant_cost(*_read_as_kana(left, right))
    alike = max(0.0, 1 - cost / max(1.0, sum(masses) / 2))
    enough = sum(masses) / 2 >= _ACROSS_LEAST
    if enough and alike >= _ACROSS_MET and (cost < 1 or max(masses) >= _ACROSS_LONG):
        return Closeness(round(0.5 + 0.45 * alike, 4), Relation.TRANSLITERATED)
    syllabic = "Han" in (left.script, right.script) or "Hangul" in (left.script, right.script)
    return Closeness(
        round(alike / 2, 4),
        Relation.DIFFERENT,
        open=syllabic or alike >= _ACROSS_OPEN or min(masses) < _ACROSS_ENOUGH,
    )


def _stems_alike(left: str, right: str) -> float:
    """How alike two parts are without a beginning or ending that many names share; 1 where they share none."""
    one, other = left, right
    ends = _KINSHIP.search(one), _KINSHIP.search(other)
    if ends[0] and ends[1] and min(ends[0].start(), ends[1].start()) >= _STEM:
        one, other = one[: ends[0].start()], other[: ends[1].start()]
    if one.startswith(_SERVANTS) and other.startswith(_SERVANTS) and min(len(one), len(other)) >= 3 + _STEM:
        one, other = one[3:], other[3:]
    if (one, other) == (left, right):
        return 1.0
    if one != other and is_given_name(one) and is_given_name(other) and not are_known_variants(one, other):
        return 0.0
    return _spelled_alike(fold_sounds(one), fold_sounds(other))


def _spelled_alike(left: str, right: str) -> float:
    if left == right:
        return 0.97
    if Levenshtein.normalized_similarity(left, right) < _FURTHEST:
        return 0.0
    allowed = ALLOWED_COST[min(len(left), len(right), len(ALLOWED_COST) - 1)]
    cost = spelling_cost(left, right)
    return max(0.0, 0.97 - 0.47 * cost / allowed) if allowed else 0.0


def align(left: Sequence[Part], right: Sequence[Part]) -> list[Meeting]:
    """Each part of either name once, with its counterpart or without one.

    The closest pairs are taken first; two neighbours may meet one part (``Byong Chol`` and ``Byongchol``). Parts that
    are left over on both sides contradict each other, one to one; the rest are missing.
    """
    free_left, free_right = set(range(len(left))), set(range(len(right)))
    meetings: list[Meeting] = []
    for _, _, first, second, closeness in sorted(_candidates(left, right), key=lambda found: found[:4]):
        one, other = set(range(first[0], first[1] + 1)), set(range(second[0], second[1] + 1))
        if one <= free_left and other <= free_right:
            free_left -= one
            free_right -= other
            weight = min(_weight(left, first), _weight(right, second))
            meetings.append(Meeting(first, second, closeness, weight))
    return meetings + list(_leftovers(left, right, sorted(free_left), sorted(free_right)))


_Span = tuple[int, int]


def _candidates(left: Sequence[Part], right: Sequence[Part]) -> Iterator[tuple[float, float, _Span, _Span, Closeness]]:
    for place, part in enumerate(left):
        for other_place, other in enumerate(right):
            closeness = compare_two(part, other)
            if closeness.met:
                distance = abs(place / len(left) - other_place / len(right))
                yield (-closeness.value, distance, (place, place), (other_place, other_place), closeness)
    for first, second, swapped in ((left, right, False), (right, left, True)):
        for place in range(len(first) - 1):
            if first[place].initial or first[place + 1].initial:
                continue
            joined = join_parts(first[place], first[place + 1])
            for other_place, other in enumerate(second):
                if other.initial or len(other.latin) < 4:
                    continue
                closeness = compare_two(joined, other)
                if closeness.met and closeness.value >= _JOINED_AT_LEAST:
                    spans = ((place, place + 1), (other_place, other_place))
                    # Just ahead of the same closeness between single parts: it accounts for one part more.
                    yield (-closeness.value - 0.001, 0.0, spans[swapped], spans[not swapped], closeness)


def _weight(parts: Sequence[Part], span: _Span) -> float:
    return max(part.weight for part in parts[span[0] : span[1] + 1])


def _leftovers(
    left: Sequence[Part], right: Sequence[Part], free_left: list[int], free_right: list[int]
) -> Iterator[Meeting]:
    firm_left = [place for place in free_left if _is_firm(left[place])]
    firm_right = [place for place in free_right if _is_firm(right[place])]
    paired: list[tuple[int, int]] = []
    while firm_left and firm_right:
        # The likest of those left over contradict each other; of equals, the first.
        place, other_place = max(
            ((one, other) for one in firm_left for other in firm_right),
            key=lambda pair: (compare_two(left[pair[0]], right[pair[1]]).value, -pair[0] - pair[1], -pair[0]),
        )
        firm_left.remove(place)
        firm_right.remove(other_place)
        paired.append((place, other_place))
        weight = (left[place].weight + right[other_place].weight) / 2
        yield Meeting((place, place), (other_place, other_place), compare_two(left[place], right[other_place]), weight)
    missing = Closeness(0.0, Relation.MISSING)
    for place in sorted(set(free_left) - {one for one, _ in paired}):
        yield Meeting((place, place), None, missing, left[place].weight)
    for place in sorted(set(free_right) - {other for _, other in paired}):
        yield Meeting(None, (place, place), missing, right[place].weight)


def _is_firm(part: Part) -> bool:
    """Whether a part without a counterpart can contradict: a title that is a name too, or an Indic i, cannot."""
    return part.weight > 0.3
