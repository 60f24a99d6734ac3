"""Findings: events, offences, stages and exonerations against the gold."""

from __future__ import annotations

from collections.abc import Sequence

from agent.domain.summary import Event
from agent.domain.taxonomy import CLEARING_STAGES, STAGE_CHAIN, Offence, Stage
from evals.cases.gold import GoldEvent
from evals.scoring.events import chain_rank, describe_event, is_overstated
from evals.scoring.matched import Matched
from evals.scoring.tally import Tally, shorten

OffenceSets = tuple[frozenset[Offence], frozenset[Offence], frozenset[Offence]]
"""Gold, drafted, and acceptable beside gold."""


def score_findings(matched: Matched, tally: Tally) -> None:
    """Every measure of events; none where they were not labelled."""
    events = matched.gold.events
    if events is None:
        return
    _score_events(matched, events, tally)
    _score_offences(matched, events, tally)
    _score_stages(matched, events, tally)
    _score_exonerations(matched, events, tally)


def _score_events(matched: Matched, events: Sequence[GoldEvent], tally: Tally) -> None:
    match, drafted = matched.events, matched.summary.events
    tally.count("event_recall", sum(match.met), len(events))
    for event, share in zip(events, match.met, strict=True):
        if share < 1:
            held = ", ".join(matched.name_of(party) for party in event.parties) or "nobody named"
            extent = "has no event" if share == 0 else "has only a part"
            tally.fault(
                "event_recall",
                f"The draft {extent} for {event.id} ({describe_event(event.stages[0], event.offences)}; against "
                f"{held}): {shorten(event.evidence[0])}.",
            )
    tally.count("event_precision", sum(match.right), len(drafted))
    for place, (one, share) in enumerate(zip(drafted, match.right, strict=True)):
        if share < 1:
            tally.fault("event_precision", _explain_wrong(matched, one, match.touched[place]))


def _explain_wrong(matched: Matched, event: Event, touched: int | None) -> str:
    held = ", ".join(matched.drafted_name(party) for party in event.parties) or "nobody"
    said = f"The draft's {event.id} ({describe_event(event.stage, event.offences)}; against {held})"
    words = shorten(event.quotes[0].text if event.quotes else event.claim)
    if touched is None:
        return f"{said} meets no gold event: {words}."
    gold = (matched.gold.events or ())[touched]
    meant = ", ".join(matched.name_of(party) for party in gold.parties) or "nobody named"
    return f"{said} rests on the words of {gold.id}, which the gold holds against {meant}: {words}."


def offence_sets(matched: Matched) -> OffenceSets:
    """The offences of the whole article: gold, drafted, and what is acceptable beside gold.

    Where a draft names only what is acceptable instead for an event, that event's own offences are acceptable too and
    no longer asked for.
    """
    drafted = frozenset(offence for event in matched.summary.events for offence in event.offences)
    asked: set[Offence] = set()
    accepted: set[Offence] = set()
    for event in matched.gold.events or ():
        instead = not drafted.intersection(event.offences) and bool(drafted.intersection(event.also_acceptable))
        (accepted if instead else asked).update(event.offences)
        accepted.update(event.also_acceptable)
    return frozenset(asked), drafted, frozenset(accepted - asked)


def _score_offences(matched: Matched, events: Sequence[GoldEvent], tally: Tally) -> None:
    gold, drafted, accepted = offence_sets(matched)
    counted = drafted - accepted
    tally.count("offence_recall", len(gold & drafted), len(gold))
    tally.count("offence_precision", len(gold & counted), len(counted))
    for offence in sorted(gold - drafted):
        where = next(event for event in events if offence in event.offences)
        tally.fault("offence_recall", f"The draft does not name {offence} ({where.id}): {shorten(where.evidence[0])}.")
    for offence in sorted(counted - gold):
        source = next(event for event in matched.summary.events if offence in event.offences)
        words = shorten(source.quotes[0].text if source.quotes else source.claim)
        tally.fault("offence_precision", f"The draft's {source.id} names {offence}, which the gold does not: {words}.")


def drafted_stage(event: GoldEvent, drafted: Event | None) -> tuple[Stage, Stage | None]:
    """Gold and drafted stage for the confusion table: an acceptable stage stands for the gold's."""
    if drafted is None:
        return event.stages[0], None
    return (drafted.stage if drafted.stage in event.stages else event.stages[0]), drafted.stage


def _score_stages(matched: Matched, events: Sequence[GoldEvent], tally: Tally) -> None:
    right = over = under = chained = 0
    for place, event in enumerate(events):
        drafted = matched.events.drafted[place]
        rank = chain_rank(event)
        chained += rank is not None
        acceptable = " or ".join(event.stages)
        right += drafted is not None and drafted.stage in event.stages
        further = next((one for one in matched.events.alike[place] if is_overstated(one.stage, event)), None)
        over += further is not None
        if further is not None:
            tally.fault(
                "stage_overstated",
                f"{further.id} says {further.stage}, the gold's {event.id} {acceptable}: {shorten(event.evidence[0])}.",
            )
        if drafted is None or drafted.stage in event.stages or drafted is further:
            continue
        lowest = min((STAGE_CHAIN[stage] for stage in event.stages if stage in STAGE_CHAIN), default=0)
        behind = rank is not None and 0 < STAGE_CHAIN.get(drafted.stage, 0) < lowest
        under += behind
        tally.fault(
            "stage_understated" if behind else "stage_right",
            f"{drafted.id} says {drafted.stage}, the gold's {event.id} {acceptable}: {shorten(event.evidence[0])}.",
        )
    tally.count("stage_right", right, len(events))
    tally.count("stage_overstated", over, chained)
    tally.count("stage_understated", under, chained)


def _score_exonerations(matched: Matched, events: Sequence[GoldEvent], tally: Tally) -> None:
    cleared = [place for place, event in enumerate(events) if event.stages[0] in CLEARING_STAGES]
    found = 0
    for place in cleared:
        event = events[place]
        accepted = CLEARING_STAGES.union(event.stages)
        if any(drafted.stage in accepted for drafted in matched.events.alike[place]):
            found += 1
        else:
            who = ", ".join(matched.name_of(party) for party in event.parties) or "somebody"
            tally.fault(
                "exoneration_recall",
                f"The draft does not say that it ended in favour of {who} ({event.id}, {event.stages[0]}): "
                f"{shorten(event.evidence[0])}.",
            )
    tally.count("exoneration_recall", found, len(cleared))
