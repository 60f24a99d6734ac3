"""What a sentence leaves to the ones before it: the offence a sentence was passed for, the name of a described man."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from agent.domain.alert import Sentence
from agent.domain.taxonomy import CLEARING_STAGES, Stage
from agent.reading.names import Cluster
from agent.reading.parts import Predicate, Span

_WITHIN = 4
"""Sentences that an offence named for a party reaches forward."""
_NAMED_WITHIN = 3
"""Sentences after its first mention within which a described party is named, as reports do."""
_PART_OF = re.compile(
    r"\b(?:separate|another|other|one|two|three|some|remaining|lesser|additional)\b[^.]{0,40}\b(?:charges?|counts?)\b",
    re.IGNORECASE,
)
_MEASURES = frozenset({Stage.PENALTY, Stage.SANCTIONED, Stage.SETTLED})
"""Measures that reports state first and explain after."""
_SAYS_NOTHING = frozenset({Stage.ALLEGATION, Stage.APPEAL, Stage.UNDETERMINED})


def inherit_offences(
    predicates: Sequence[Predicate], at: Mapping[Span, str], sentences: Mapping[str, Sentence], text: str
) -> list[Predicate]:
    """``He was sentenced to ten years`` speaks of the offence that the sentences just before name for him.

    A clearing of *another* charge inherits nothing: which charge it was is not said.
    """
    order = {sentence_id: index for index, sentence_id in enumerate(sentences)}
    latest: dict[str, tuple[int, Predicate]] = {}
    completed = []
    for predicate in predicates:
        parties = [at[span] for span in predicate.accused if span in at]
        here = order[predicate.sentence]
        if not predicate.offences and predicate.stage not in _SAYS_NOTHING:
            known = [latest[party] for party in parties if party in latest]
            near = [earlier for place, earlier in known if here - place <= _WITHIN] or _beside(predicate, predicates)
            near = near or _explained(predicate, predicates, order, at)
            if near and not _clears_part(predicate, sentences, text):
                predicate = replace(predicate, offences=near[-1].offences)
        if predicate.offences and not predicate.negated:
            latest.update(dict.fromkeys(parties, (here, predicate)))
        completed.append(predicate)
    return completed


def _beside(predicate: Predicate, predicates: Sequence[Predicate]) -> list[Predicate]:
    """Statements of the same sentence about the same parties that name an offence."""
    return [
        other
        for other in predicates
        if other.sentence == predicate.sentence and other.offences and set(other.accused) & set(predicate.accused)
    ]


def _explained(
    predicate: Predicate, predicates: Sequence[Predicate], order: Mapping[str, int], at: Mapping[Span, str]
) -> list[Predicate]:
    """What the next sentences say the same party did, with no stage of its own: ``was fined. It had failed to …``."""
    if predicate.stage not in _MEASURES:
        return []
    parties, here = {at.get(span) for span in predicate.accused} - {None}, order[predicate.sentence]
    return [
        other
        for other in predicates
        if other.offences
        and other.stage in {Stage.UNDETERMINED, Stage.ALLEGATION}
        and 0 < order[other.sentence] - here <= 2
        and parties & {at.get(span) for span in other.accused}
    ]


def _clears_part(predicate: Predicate, sentences: Mapping[str, Sentence], text: str) -> bool:
    sentence = sentences[predicate.sentence]
    return predicate.stage in CLEARING_STAGES and bool(_PART_OF.search(text, sentence.start, sentence.end))


def name_described(
    clusters: Sequence[Cluster], predicates: Sequence[Predicate], sentences: Mapping[str, Sentence]
) -> dict[int, int]:
    """Described party → the named one it is: reports describe in the lead and name a sentence or two later.

    Only where the same is held against both: an offence they share on the way to a verdict, or one stage and no offence
    to tell them apart.
    """
    order = {sentence_id: index for index, sentence_id in enumerate(sentences)}
    named = {}
    for index, cluster in enumerate(clusters):
        if not cluster.described or cluster.name.split(" ", 1)[0].lower() not in {"a", "an", "the"}:
            continue
        here = order[cluster.spans[0].sentence]
        twins = [
            other
            for other, candidate in enumerate(clusters)
            if not candidate.described
            and candidate.kind is cluster.kind
            and 0 < order[candidate.spans[0].sentence] - here <= _NAMED_WITHIN
            and _same_is_held(cluster, candidate, predicates)
        ]
        if len(twins) == 1:
            named[index] = twins[0]
    return named


def _same_is_held(left: Cluster, right: Cluster, predicates: Sequence[Predicate]) -> bool:
    ours, theirs = _held_against(left, predicates), _held_against(right, predicates)
    return any(
        one.stage is other.stage and (not one.offences or not other.offences or set(one.offences) & set(other.offences))
        for one in ours
        for other in theirs
    )


def _held_against(cluster: Cluster, predicates: Sequence[Predicate]) -> list[Predicate]:
    spans = {(span.start, span.end) for span in cluster.spans}
    return [part for part in predicates if not part.negated and spans & set(part.accused)]
