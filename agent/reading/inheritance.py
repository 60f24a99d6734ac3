"""What a sentence leaves to the ones before it: the offence a sentence was passed for, the name of a described man."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from agent.domain.alert import Sentence
from agent.domain.taxonomy import CLEARING_STAGES, Offence, PartyKind, Stage
from agent.reading.names import Cluster
from agent.reading.parts import Predicate, Span

_WITHIN = 4
"""Sentences that an offence named for a party reaches forward."""
_NAMED_WITHIN = 3
"""Sentences after its first mention within which a described party is named, as reports do."""
_LEAD = 2
"""Sentences in which a report may introduce by office or trade whom it names later."""
_PART_OF = re.compile(
    r"\b(?:separate|another|other|one|two|three|some|remaining|lesser|additional)\b[^.]{0,40}\b(?:charges?|counts?)\b",
    re.IGNORECASE,
)
_MEASURES = frozenset({Stage.PENALTY, Stage.SANCTIONED, Stage.SETTLED})
"""Measures that reports state first and explain after."""
_STEPS_OF_A_CASE = frozenset({Stage.INVESTIGATION, Stage.WANTED, Stage.ARRESTED, Stage.CHARGED, Stage.CONVICTED})
_ENDS_MATTER = frozenset({Stage.ACQUITTED, Stage.DISMISSED, Stage.OVERTURNED})
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
        if not predicate.offences and (predicate.stage not in _SAYS_NOTHING or _is_named_claim(predicate)):
            known = [latest[party] for party in parties if party in latest]
            near = [earlier for place, earlier in known if here - place <= _WITHIN] or _beside(predicate, predicates)
            near = near or _explained(predicate, predicates, order, at)
            near = near or _told_around(predicate, predicates, order)
            if near and not _clears_part(predicate, sentences, text):
                predicate = replace(predicate, offences=near[-1].offences)
        if predicate.offences and not predicate.negated:
            latest.update(dict.fromkeys(parties, (here, predicate)))
        completed.append(predicate)
    return completed


def tie_clearings(
    predicates: Sequence[Predicate], at: Mapping[Span, str], mentioned: Mapping[str, set[str]]
) -> list[Predicate]:
    """``The judge directed that the counts be dismissed and awarded Mrs X her costs``: it was her case that ended.

    A clearing that does not say whose case it was ends that of the one party the article holds anything against, where
    its sentence speaks of that party and names no other offence.
    """
    held: dict[str, tuple[Span, set[Offence]]] = {}
    for part in predicates:
        if part.negated or part.stage in CLEARING_STAGES or part.stage is Stage.UNDETERMINED:
            continue
        for span in part.accused:
            if span in at:
                held.setdefault(at[span], (span, set()))[1].update(part.offences)
    if len(held) != 1:
        return list(predicates)
    ((party, (span, offences)),) = held.items()
    tied = []
    for part in predicates:
        loose = part.stage in _ENDS_MATTER and not part.accused and not part.negated
        same = not part.offences or not offences or bool(offences & set(part.offences))
        if loose and same and party in mentioned.get(part.sentence, ()):
            part = replace(part, accused=(span,))
        tied.append(part)
    return tied


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
    parties, here = {at.get(span) for span in predicate.accused} - {None}, order[predicate.sentence]
    return [
        other
        for other in predicates
        if other.offences
        and not other.negated
        and other.stage not in CLEARING_STAGES
        and (predicate.stage in _MEASURES or other.stage is not Stage.ALLEGATION)
        and 0 < order[other.sentence] - here <= 2
        and parties & {at.get(span) for span in other.accused}
    ]


def _is_named_claim(predicate: Predicate) -> bool:
    """``issued a writ against X``: a claim against somebody named, which the next sentence explains."""
    return predicate.stage is Stage.ALLEGATION and bool(predicate.accused)


def _told_around(predicate: Predicate, predicates: Sequence[Predicate], order: Mapping[str, int]) -> list[Predicate]:
    """The deed that a report tells right before or after, held against nobody: ``gems were stolen. X was arrested``."""
    here = order[predicate.sentence]
    if not predicate.accused or predicate.negated or predicate.stage not in _STEPS_OF_A_CASE:
        return []
    loose = [
        other
        for other in predicates
        if other.offences
        and not other.accused
        and not other.negated
        and other.stage in {Stage.UNDETERMINED, Stage.ALLEGATION, Stage.INVESTIGATION}
    ]
    before = [other for other in loose if 0 < here - order[other.sentence] <= 1]
    return before or [o for o in loose if o.stage is Stage.UNDETERMINED and order[o.sentence] - here == 1][:1]


def _clears_part(predicate: Predicate, sentences: Mapping[str, Sentence], text: str) -> bool:
    sentence = sentences[predicate.sentence]
    return predicate.stage in CLEARING_STAGES and bool(_PART_OF.search(text, sentence.start, sentence.end))


@dataclass(frozen=True, slots=True)
class Told:
    """What tells who a described party is, all by spans.

    ``identified``: a described party → the name the article itself gives it (``was named as X``); ``aged``: names that
    are introduced with an age; ``court``: those of judges, prosecutors, lawyers, and of whoever came to harm.
    """

    identified: Mapping[Span, Span]
    aged: frozenset[Span]
    court: frozenset[Span]


def name_described(
    clusters: Sequence[Cluster],
    predicates: Sequence[Predicate],
    sentences: Mapping[str, Sentence],
    told: Told,
) -> dict[int, int]:
    """Described party → the named one it is: reports describe in the lead and name a sentence or two later.

    Only where the same is held against both: one stage and no offence to tell them apart, or, from the lead on, any
    two steps of one case; or where the lead's only described party is followed by only one person who is
    introduced with an age, who is no victim and not of the court.
    """
    order = {sentence_id: index for index, sentence_id in enumerate(sentences)}
    named = {}
    for index, cluster in enumerate(clusters):
        if not cluster.described or cluster.name.split(" ", 1)[0].lower() not in {"a", "an", "the"}:
            continue
        here = order[cluster.spans[0].sentence]
        called = {told.identified[span] for span in _spans_of(cluster) if span in told.identified}
        homes = [place for place, other in enumerate(clusters) if called & _spans_of(other)]
        if len(homes) == 1:
            named[index] = homes[0]
            continue
        in_lead = here < _LEAD and sum(other.described and _is_held(other, predicates) for other in clusters) == 1
        near = [
            other
            for other, candidate in enumerate(clusters)
            if not candidate.described
            and candidate.kind is cluster.kind
            and 0 < order[candidate.spans[0].sentence] - here <= _NAMED_WITHIN
            and not _spans_of(candidate) & told.court
        ]
        twins = [one for one in near if _same_is_held(cluster, clusters[one], predicates, in_lead=in_lead)]
        if not twins and in_lead and cluster.kind is PartyKind.PERSON:
            twins = [one for one in near if _spans_of(clusters[one]) & told.aged]
            twins = [one for one in twins if not _is_harmed(clusters[one], predicates)]
        if len(twins) == 1:
            named[index] = twins[0]
    return named


def _same_is_held(left: Cluster, right: Cluster, predicates: Sequence[Predicate], *, in_lead: bool) -> bool:
    ours, theirs = _held_against(left, predicates), _held_against(right, predicates)
    return any(
        (one.stage is other.stage or (in_lead and _is_one_case(one, other)))
        and (not one.offences or not other.offences or set(one.offences) & set(other.offences))
        for one in ours
        for other in theirs
    )


def _is_one_case(one: Predicate, other: Predicate) -> bool:
    """Whether both can be steps of one case: neither is a clearing, and either says how far it got."""
    steps = {one.stage, other.stage}
    return not steps & CLEARING_STAGES and steps != {Stage.UNDETERMINED}


def _spans_of(cluster: Cluster) -> set[Span]:
    return {(span.start, span.end) for span in cluster.spans}


def _is_harmed(cluster: Cluster, predicates: Sequence[Predicate]) -> bool:
    return any(_spans_of(cluster) & set(part.victims) for part in predicates)


def _is_held(cluster: Cluster, predicates: Sequence[Predicate]) -> bool:
    return bool(_held_against(cluster, predicates))


def _held_against(cluster: Cluster, predicates: Sequence[Predicate]) -> list[Predicate]:
    spans = {(span.start, span.end) for span in cluster.spans}
    return [part for part in predicates if not part.negated and spans & set(part.accused)]
