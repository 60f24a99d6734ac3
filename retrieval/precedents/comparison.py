"""A precedent held against the case, in an analyst's words: what is alike, what differs. Unknowns are not compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from agent.domain.reference import Precedent, PrecedentQuery
from agent.domain.taxonomy import STAGE_CHAIN, Offence, Role, SourceKind, Stage
from retrieval.documents import country_name, in_words
from retrieval.names.tokens import fold_tokens

_YEAR: Final = timedelta(days=365.2425)
_LONGEST: Final = 200
_STAGE_WORDS: Final = MappingProxyType(
    {
        Stage.ALLEGATION: "alleged",
        Stage.INVESTIGATION: "under investigation",
        Stage.WANTED: "wanted",
        Stage.ARRESTED: "arrested",
        Stage.CHARGED: "charged",
        Stage.TRIAL: "on trial",
        Stage.CONVICTED: "convicted",
        Stage.APPEAL: "under appeal",
        Stage.ACQUITTED: "acquitted",
        Stage.DISMISSED: "case dismissed",
        Stage.OVERTURNED: "conviction overturned",
        Stage.SETTLED: "settled",
        Stage.PENALTY: "penalised",
        Stage.SANCTIONED: "sanctioned",
        Stage.ASSET_SEIZURE: "assets seized",
        Stage.PARDONED: "pardoned",
    }
)


def compare_case(precedent: Precedent, query: PrecedentQuery) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is alike and what differs, each a phrase of at most 200 characters, the most telling first."""
    alike: list[str] = []
    differs: list[str] = []
    for same, words in _compare_all(precedent, query):
        (alike if same else differs).append(words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…")
    return tuple(alike), tuple(differs)


def is_same_subject(precedent: Precedent, query: PrecedentQuery) -> bool:
    """Whether both are about the same name; False while the case has none."""
    return query.subject_name is not None and fold_name(precedent.subject_name) == fold_name(query.subject_name)


@lru_cache(maxsize=8)  # a case's name is held against one precedent after another
def fold_name(name: str) -> tuple[str, ...]:
    """A name's bare tokens in one order, so that the same tokens in any order are equal."""
    return tuple(sorted(fold_tokens(name)))


def count_alike(precedent: Precedent, query: PrecedentQuery) -> int:
    """How many of offence, stage and role the two share, 0 to 3; unknowns share nothing."""
    stages = set(precedent.stages) & set(query.stages) - {Stage.UNDETERMINED}
    role = precedent.role is query.role is not Role.UNDETERMINED
    return bool(set(precedent.offences) & set(query.offences)) + bool(stages) + role


def _compare_all(precedent: Precedent, query: PrecedentQuery) -> Iterator[tuple[bool, str]]:
    if query.subject_name is not None:
        same = is_same_subject(precedent, query)
        yield same, "same subject name" if same else "another subject"
    yield from _compare_offences(precedent.offences, query.offences)
    yield from _compare_stages(set(precedent.stages), set(query.stages))
    if Role.UNDETERMINED not in (precedent.role, query.role):
        yield _compare_values("role", in_words(precedent.role), in_words(query.role))
    if precedent.jurisdiction and query.jurisdiction:
        yield _compare_values("jurisdiction", country_name(precedent.jurisdiction), country_name(query.jurisdiction))
    if SourceKind.UNKNOWN not in (precedent.source_kind, query.source_kind):
        yield _compare_values("source", in_words(precedent.source_kind), in_words(query.source_kind))
    years = (query.before - precedent.decided_at) // _YEAR
    yield years == 0, "decided within the year before" if years == 0 else f"decided {_count(years, 'year')} before"


def _compare_values(label: str, there: str, here: str) -> tuple[bool, str]:
    return there == here, f"{label}: {here}" if there == here else f"{label}: {there} there, {here} here"


def _compare_offences(there: Iterable[Offence], here: Iterable[Offence]) -> Iterator[tuple[bool, str]]:
    left, right = set(map(in_words, there)), set(map(in_words, here))
    if not left or not right:
        return
    if left & right:
        yield True, f"offence: {_join(left & right)}"
    only = [f"{_join(rest)} only {place}" for rest, place in ((left - right, "there"), (right - left, "here")) if rest]
    if only:
        yield False, f"offence: {'; '.join(only)}"


def _compare_stages(there: set[Stage], here: set[Stage]) -> Iterator[tuple[bool, str]]:
    """How far each got on the chain from allegation to conviction, and what else became of it."""
    if not (there - {Stage.UNDETERMINED} and here - {Stage.UNDETERMINED}):
        return
    furthest_there, furthest_here = _furthest(there), _furthest(here)
    off_there, off_here = ({_STAGE_WORDS[stage] for stage in _off_chain(stages)} for stages in (there, here))
    both = off_there & off_here
    if furthest_there is not None and furthest_there is furthest_here:
        yield True, f"both {_STAGE_WORDS[furthest_there]}"
    if both:
        yield True, f"both {_join(both)}"
    if furthest_there is not furthest_here or off_there != off_here:
        apart = [
            *_contrast(furthest_there, furthest_here),
            *(f"{words} only there" for words in sorted(off_there - both)),
            *(f"{words} only here" for words in sorted(off_here - both)),
        ]
        yield False, "stage: " + "; ".join(apart)


def _contrast(there: Stage | None, here: Stage | None) -> list[str]:
    """The furthest stages in words, "only" before the one that is earlier on the chain."""
    if there is here:
        return []
    if there is None or here is None:
        known, place = (there, "there") if there is not None else (here, "here")
        return [f"{_STAGE_WORDS[known]} only {place}"] if known is not None else []
    steps_there, steps_here = STAGE_CHAIN[there], STAGE_CHAIN[here]
    only_there, only_here = ("only " * (steps_there < steps_here)), ("only " * (steps_here < steps_there))
    return [f"{only_there}{_STAGE_WORDS[there]} there, {only_here}{_STAGE_WORDS[here]} here"]


def _furthest(stages: set[Stage]) -> Stage | None:
    """The stage furthest on the chain; of arrested and wanted, which stand level, arrested."""
    on_chain = [stage for stage in STAGE_CHAIN if stage in stages]
    return max(on_chain, key=lambda stage: (STAGE_CHAIN[stage], stage is Stage.ARRESTED), default=None)


def _off_chain(stages: set[Stage]) -> set[Stage]:
    return stages - STAGE_CHAIN.keys() - {Stage.UNDETERMINED}


def _join(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
