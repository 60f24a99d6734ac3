"""The checks that keep a case set sound: evidence stands in the text, gold agrees with itself, splits are clean."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from itertools import combinations
from typing import Final

from agent.domain.taxonomy import RecommendationValue
from evals.cases.case import Case
from evals.cases.gold import GoldCounterEvidence, GoldEvent, Truth
from retrieval.names.tokens import fold_tokens

NEAR_DUPLICATE: Final = 0.3
"""Share of the shorter text's five-word runs that the longer one holds, from which two texts count as copies."""

_CLOSES: Final = frozenset({RecommendationValue.CLOSE_NOT_MATERIAL, RecommendationValue.CLOSE_FALSE_POSITIVE})
_RUN = 5


def check_cases(cases: Collection[Case], profiles: Collection[str], precedents: Collection[str]) -> list[str]:
    """Everything wrong with the cases, one sentence each; empty when they are sound.

    ``profiles`` and ``precedents`` are the ids that are loaded beside them.
    """
    found = [problem for case in cases for problem in _check_case(case, profiles, precedents)]
    found += _check_twins(cases)
    found += _check_subjects(cases)
    return found + list(_check_copies(cases))


def _check_case(case: Case, profiles: Collection[str], precedents: Collection[str]) -> Iterator[str]:
    gold, text = case.gold, case.alert.article.text
    entries: list[GoldEvent | GoldCounterEvidence] = [*(gold.events or ()), *(gold.counter_evidence or ())]
    for entry in entries:
        for words in entry.evidence:
            if (times := text.count(words)) != 1:
                yield f"{case.id}: {entry.id}: the evidence {words[:60]!r} stands {times} times in the text, not once."
    for party in gold.parties or ():
        for name in (party.name, *party.aliases):
            if name not in text:
                yield f"{case.id}: {party.id}: the name {name!r} does not stand in the article."
    if gold.identity is not None:
        named = {gold.identity.profile, *gold.identity.distractors} - {None}
        yield from (
            f"{case.id}: there is no profile {one!r}." for one in sorted(map(str, named)) if one not in profiles
        )
    yield from (f"{case.id}: there is no precedent {one!r}." for one in gold.precedents if one not in precedents)
    yield from _check_agreement(case)


def _check_agreement(case: Case) -> Iterator[str]:
    """Truth, acceptable recommendations and must-not-miss say the same."""
    accepted = set(case.gold.recommendations or ())
    if case.truth is Truth.ESCALATE and accepted & _CLOSES:
        yield f"{case.id}: the truth is escalate, yet closing is acceptable."
    if case.truth is Truth.CLOSE and RecommendationValue.ESCALATE in accepted:
        yield f"{case.id}: the truth is close, yet escalating is acceptable."
    if case.entry.must_not_miss and case.truth is not Truth.ESCALATE:
        yield f"{case.id}: it must not be missed, yet the truth is {case.truth}."


def _check_twins(cases: Collection[Case]) -> list[str]:
    by_id = {case.id: case for case in cases}
    problems = []
    for case in cases:
        twin = case.entry.twin_of
        if twin is None:
            continue
        other = by_id.get(twin)
        if other is None or other.split is not case.split or other.subject != case.subject:
            problems.append(f"{case.id}: its twin {twin!r} is not a case of the same split and subject.")
    return problems


def _check_subjects(cases: Collection[Case]) -> list[str]:
    """No subject, and no party with a full name, stands in two splits."""
    splits: dict[str, dict[str, str]] = defaultdict(dict)
    for case in cases:
        names = {case.entry.subject, *(party.name for party in case.gold.parties or ())}
        for name in names:
            tokens = sorted(fold_tokens(name))
            if len(tokens) > 1:
                splits[" ".join(tokens)].setdefault(case.split, case.id)
    return [
        f"{name!r} stands in two splits: {', '.join(f'{split} ({case})' for split, case in where.items())}."
        for name, where in sorted(splits.items())
        if len(where) > 1
    ]


def _check_copies(cases: Collection[Case]) -> Iterator[str]:
    """No article is nearly another one's, across splits or, unless declared as a twin, within one."""
    runs = [(case, _word_runs(case.alert.article.text)) for case in cases]
    for (one, first), (other, second) in combinations(runs, 2):
        if _declared(one, other):
            continue
        shared = len(first & second) / max(1, min(len(first), len(second)))
        if shared >= NEAR_DUPLICATE:
            yield f"{one.id} and {other.id} are near-duplicates: {shared:.0%} of the shorter text stands in the other."


def _declared(one: Case, other: Case) -> bool:
    """Twins, or variations of the same case."""
    roots = {one.entry.twin_of or one.id, other.entry.twin_of or other.id}
    return len(roots) == 1 and one.split is other.split


def _word_runs(text: str) -> frozenset[tuple[str, ...]]:
    """Runs of five words; single characters where a script does not part its words."""
    words = re.findall(r"\w+", text.casefold())
    if words and sum(map(len, words)) / len(words) > 15:
        words = list("".join(words))
    return frozenset(zip(*(words[start:] for start in range(_RUN)), strict=False))
