"""Which precedents may be shown for an alert, in which order, and how each compares with it in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from agent.domain.fingerprint import content_hash
from agent.domain.reference import Precedent, PrecedentMatch, PrecedentQuery
from agent.domain.taxonomy import Offence, Role, SourceKind, Stage
from retrieval.documents import in_words
from retrieval.names import fold_tokens, same_person_name

MIN_SIMILARITY: Final = 0.35
"""Cosine below which two case texts have no more in common than any two adverse news cases."""
_SECONDS_A_YEAR: Final = 365.2425 * 86_400
_PHRASE: Final = 200


def is_admissible(precedent: Precedent, query: PrecedentQuery) -> bool:
    """Whether the precedent is another alert's and was decided before the moment asked for.

    The same subject with the same words is the alert itself under another id, and is refused as well.
    """
    if precedent.decided_at >= query.before:
        return False
    if precedent.alert_id.casefold() == query.exclude_alert_id.casefold():
        return False
    same_words = fold_tokens(precedent.summary) == fold_tokens(query.text) != []
    same_subject = query.subject_name is None or same_person_name(precedent.subject_name, query.subject_name)
    return not (same_words and same_subject)


def order_matches(matches: Iterable[PrecedentMatch], query: PrecedentQuery) -> list[PrecedentMatch]:
    """Nearest first over all outcomes; ties fall by a hash of both ids, so that position never tells an outcome."""
    return sorted(
        matches,
        key=lambda match: (-match.similarity, content_hash([query.exclude_alert_id, match.precedent.precedent_id])),
    )


def compare_case(precedent: Precedent, query: PrecedentQuery, similarity: float) -> PrecedentMatch:
    """The precedent with what is alike and what differs; attributes unknown on either side are not compared."""
    alike: list[str] = []
    differs: list[str] = []
    for same, words in _comparisons(precedent, query):
        (alike if same else differs).append(words[:_PHRASE])
    return PrecedentMatch(
        precedent=precedent, similarity=round(similarity, 4), alike=tuple(alike), differs=tuple(differs)
    )


def _comparisons(precedent: Precedent, query: PrecedentQuery) -> Iterator[tuple[bool, str]]:
    if query.subject_name is not None:
        same_name = same_person_name(precedent.subject_name, query.subject_name)
        yield same_name, "same subject name" if same_name else "another subject"
    yield from _compare_sets("offence", precedent.offences, query.offences)
    undetermined = {Stage.UNDETERMINED}
    yield from _compare_sets("stage", set(precedent.stages) - undetermined, set(query.stages) - undetermined)
    if Role.UNDETERMINED not in (precedent.role, query.role):
        yield _compare_values("role", in_words(precedent.role), in_words(query.role))
    if precedent.jurisdiction and query.jurisdiction:
        yield _compare_values("jurisdiction", precedent.jurisdiction, query.jurisdiction)
    if SourceKind.UNKNOWN not in (precedent.source_kind, query.source_kind):
        yield _compare_values("source", in_words(precedent.source_kind), in_words(query.source_kind))
    years = int((query.before - precedent.decided_at).total_seconds() / _SECONDS_A_YEAR)
    yield years == 0, "decided within the year before" if years == 0 else f"decided {_counted(years, 'year')} before"


def _compare_values(label: str, there: str, here: str) -> tuple[bool, str]:
    return there == here, f"{label}: {here}" if there == here else f"{label}: {there} there, {here} here"


def _compare_sets(
    label: str, there: Iterable[Offence | Stage], here: Iterable[Offence | Stage]
) -> Iterator[tuple[bool, str]]:
    left, right = set(map(in_words, there)), set(map(in_words, here))
    if not left or not right:
        return
    if left & right:
        yield True, f"{label}: {_joined(left & right)}"
    only = [
        f"{_joined(rest)} only {place}" for rest, place in ((left - right, "there"), (right - left, "here")) if rest
    ]
    if only:
        yield False, f"{label}: {'; '.join(only)}"


def _joined(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
