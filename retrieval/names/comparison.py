"""Two written names held against each other, part by part, in any order and script, with a score and in words.

The score is a bounded heuristic, no probability: how well the parts meet, less for parts that only one name has, held
below ``SAME_NAME`` by a contradiction, by a lone surname and by an initial.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from agent.domain.reference import NamePartMatch
from agent.domain.taxonomy import FeatureVerdict, PartyKind
from agent.domain.taxonomy import NamePartRelation as Relation
from retrieval.names.alignment import Meeting, align
from retrieval.names.explanation import explain_parts
from retrieval.names.organisations import align_firms, is_acronym_of, looks_like_firm, match_forms, read_firm
from retrieval.names.parts import Part, WrittenName, is_patronymic, read_person

__all__ = ["SAME_NAME", "NameComparison", "compare_names", "explain_parts"]

SAME_NAME: Final = 0.7
"""From this score on two names are taken for one; chosen on the half of the labelled pairs that is not reported."""
_BELOW: Final = 0.01
_LONE_PART: Final = 0.5
_INITIAL_ONLY: Final = 0.6
_OPEN: Final = 0.45
_MISSING: Final = 0.12
_MISSING_GIVEN: Final = 0.8
_MISSING_GIVEN_OF_MANY: Final = 0.72
_TURNED: Final = 0.72
_CONTRADICTION: Final = 1.5
_SOFT: Final = 0.3
"""The weight up to which a part is a title as well as a name."""
_MISSING_WORD: Final = 0.8
_MISSING_BOTH_WAYS: Final = 0.85
_OTHER_FORM: Final = 0.85
_ACRONYM: Final = 0.5
_LONGEST_PHRASE: Final = 200


@dataclass(frozen=True, slots=True)
class NameComparison:
    """What two names have in common: a score from 0 to 1, a verdict, and each part with its counterpart."""

    score: float
    verdict: FeatureVerdict
    parts: tuple[NamePartMatch, ...]


def compare_names(given: str, stated: str, kind: PartyKind = PartyKind.PERSON) -> NameComparison:
    """Hold a name of the list or the alert (``given``) against one of the article (``stated``); never raises.

    The score and the verdict are the same whichever of the two is given. ``unknown`` is the verdict where nothing can
    be read, where a word mixes two alphabets, and where the scripts leave too little to compare.
    """
    if given <= stated:
        return _compare(given, stated, kind)
    mirrored = _compare(stated, given, kind)
    return NameComparison(mirrored.score, mirrored.verdict, _turn(mirrored.parts, given))


def _turn(parts: tuple[NamePartMatch, ...], given: str) -> tuple[NamePartMatch, ...]:
    turned = [NamePartMatch(given=part.stated, stated=part.given, relation=part.relation) for part in parts]
    return tuple(sorted(turned, key=lambda part: given.find(part.given) if part.given else len(given)))


@lru_cache(maxsize=16_384)
def _compare(left: str, right: str, kind: PartyKind) -> NameComparison:
    if kind is PartyKind.ORGANISATION or (
        kind is PartyKind.UNKNOWN and (looks_like_firm(left) or looks_like_firm(right))
    ):
        return _compare_firms(left, right)
    return _compare_people(read_person(left), read_person(right))


def _compare_people(left: WrittenName, right: WrittenName) -> NameComparison:
    if not left.parts or not right.parts:
        return NameComparison(0.0, FeatureVerdict.UNKNOWN, ())
    meetings = align(left.parts, right.parts)
    score = _score_people(left.parts, right.parts, meetings)
    return _settle(score, _judge(meetings), _describe(left, right, meetings), mixed=left.mixed or right.mixed)


def _compare_firms(first: str, second: str) -> NameComparison:
    (left, left_forms), (right, right_forms) = read_firm(first), read_firm(second)
    if not left.parts or not right.parts:
        return NameComparison(0.0, FeatureVerdict.UNKNOWN, ())
    if is_acronym_of(left, right) or is_acronym_of(right, left):
        whole = NamePartMatch(
            given=left.text[:_LONGEST_PHRASE], stated=right.text[:_LONGEST_PHRASE], relation=Relation.INITIAL
        )
        return NameComparison(_ACRONYM, FeatureVerdict.VARIANT, (whole,))
    meetings = align_firms(left, right)
    form = match_forms(left_forms, right_forms)
    parts = _describe(left, right, meetings)
    if form:
        given, stated = (_form_text(name, forms) for name, forms in ((left, left_forms), (right, right_forms)))
        parts += (NamePartMatch(given=given, stated=stated, relation=form),)
    score = _score_firms(meetings) * (_OTHER_FORM if form is Relation.DIFFERENT else 1.0)
    verdict = _judge(meetings)
    if verdict is FeatureVerdict.SAME and form in (Relation.MISSING, Relation.DIFFERENT, Relation.KNOWN_VARIANT):
        verdict = FeatureVerdict.VARIANT
    return _settle(score, verdict, parts, mixed=left.mixed or right.mixed)


def _form_text(name: WrittenName, forms: tuple[tuple[Part, str], ...]) -> str:
    return " ".join(name.text[part.start : part.end] for part, _ in forms)[:_LONGEST_PHRASE]


def _score_firms(meetings: list[Meeting]) -> float:
    met = [m for m in meetings if m.left and m.right and m.closeness.met]
    against = [m for m in meetings if m.closeness.relation is Relation.DIFFERENT]
    missing = [m for m in meetings if m.closeness.relation is Relation.MISSING]
    gained = sum(m.weight * m.closeness.value for m in met)
    asked = sum(m.weight for m in met) + sum(m.weight for m in missing) * _MISSING_WORD
    asked += sum(m.weight * _CONTRADICTION for m in against)
    score = gained / asked if asked else 0.0
    if any(m.left for m in missing) and any(m.right for m in missing):
        score *= _MISSING_BOTH_WAYS
    if (missing or against) and all(m.weight < 1.0 for m in met):
        return min(score, _LONE_PART)
    return score


def _settle(score: float, verdict: FeatureVerdict, parts: tuple[NamePartMatch, ...], *, mixed: bool) -> NameComparison:
    """A contradiction, or what cannot be told, never reaches ``SAME_NAME``."""
    if mixed:
        verdict = FeatureVerdict.UNKNOWN
    if verdict in (FeatureVerdict.UNKNOWN, FeatureVerdict.CONFLICT):
        score = min(score, SAME_NAME - _BELOW)
    return NameComparison(round(score, 4), verdict, parts)


def _judge(meetings: list[Meeting]) -> FeatureVerdict:
    different = [meeting.closeness for meeting in meetings if meeting.closeness.relation is Relation.DIFFERENT]
    if any(not closeness.open for closeness in different):
        return FeatureVerdict.CONFLICT
    if different or not any(meeting.closeness.met and meeting.left and meeting.right for meeting in meetings):
        return FeatureVerdict.UNKNOWN
    exact = (Relation.SAME, Relation.TRANSLITERATED)
    return FeatureVerdict.SAME if all(m.closeness.relation in exact for m in meetings) else FeatureVerdict.VARIANT


def _score_people(left: tuple[Part, ...], right: tuple[Part, ...], meetings: list[Meeting]) -> float:
    met = [m for m in meetings if m.left and m.right and m.closeness.met]
    against = [m for m in meetings if m.closeness.relation is Relation.DIFFERENT]
    missing = [m for m in meetings if m.closeness.relation is Relation.MISSING]
    gained = sum(m.weight * m.closeness.value for m in met) + sum(m.weight * m.closeness.value * 0.5 for m in against)
    asked = sum(m.weight for m in met) + sum(m.weight * (1.0 if m.closeness.open else _CONTRADICTION) for m in against)
    asked += sum(m.weight * _MISSING for m in missing)
    score = gained / asked if asked else 0.0
    if any(_is_first(m) for m in missing if m.weight > _SOFT):
        score *= _MISSING_GIVEN if len(met) < 3 else _MISSING_GIVEN_OF_MANY
    if _is_turned(met) and any(_counts(left, right, m) for m in missing):
        score *= _TURNED
    whole = [m for m in met if m.closeness.relation is not Relation.INITIAL and m.weight > _SOFT]
    if not whole:
        return min(score, _LONE_PART - 0.1)
    if len(whole) == 1 and max(_spans(whole[0])) == 1:
        if any(m.closeness.relation is Relation.INITIAL for m in met):
            return min(score, _INITIAL_ONLY)
        if missing or against:
            return min(score, _LONE_PART)
    return score


def _spans(meeting: Meeting) -> list[int]:
    return [span[1] - span[0] + 1 for span in (meeting.left, meeting.right) if span]


def _is_turned(met: list[Meeting]) -> bool:
    """Whether two parts that both names have stand the other way round: family name first, or two other people."""
    places = [m.right for m in sorted(met, key=lambda m: m.left or (0, 0)) if m.right]
    return len(places) == 2 and places[0] > places[1]


def _counts(left: tuple[Part, ...], right: tuple[Part, ...], missing: Meeting) -> bool:
    """Whether a missing part is one that is not commonly left out, as patronymics and initials are."""
    part = left[missing.left[0]] if missing.left else right[(missing.right or (0, 0))[0]]
    return part.weight > _SOFT and not part.initial and not is_patronymic(part.latin)


def _is_first(meeting: Meeting) -> bool:
    return (meeting.left or meeting.right or (0, 0))[0] == 0


def _describe(left: WrittenName, right: WrittenName, meetings: list[Meeting]) -> tuple[NamePartMatch, ...]:
    ordered = sorted(meetings, key=lambda m: (m.left is None, m.left or m.right))
    return tuple(
        NamePartMatch(
            given=_written(left, meeting.left),
            stated=_written(right, meeting.right),
            relation=meeting.closeness.relation,
        )
        for meeting in ordered
    )


def _written(name: WrittenName, span: tuple[int, int] | None) -> str:
    if span is None:
        return ""
    return name.text[name.parts[span[0]].start : name.parts[span[1]].end][:_LONGEST_PHRASE]
