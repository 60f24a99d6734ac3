"""Omission: gold findings against the subject that neither the draft nor its omission flags bring before the reader."""

from __future__ import annotations

from collections.abc import Iterator

from agent.triage.policy import Policy
from evals.cases.gold import Gold, GoldEvent
from evals.scoring.events import describe_event
from evals.scoring.matched import Matched
from evals.scoring.spans import Span, locate, locate_all, quote_spans, share_common
from evals.scoring.tally import Tally, shorten


def score_omissions(matched: Matched, tally: Tally) -> None:
    """The weight left out, of the weight of all gold events against the subject."""
    if matched.gold.events is None:
        return
    shown = tuple(_shown_spans(matched))
    whole = missing = 0.0
    for place, event, weight in weigh_events(matched.gold, matched.options.policy):
        whole += weight
        covered = matched.events.drafted[place] is not None
        if covered or share_common(locate(matched.text, event.evidence), shown):
            continue
        missing += weight
        tally.fault(
            "omitted",
            f"Neither draft nor omission flags show {event.id} ({describe_event(event.stages[0], event.offences)}): "
            f"{shorten(event.evidence[0])}.",
        )
    tally.count("omitted", missing, whole)


def weigh_events(gold: Gold, policy: Policy) -> Iterator[tuple[int, GoldEvent, float]]:
    """Place, event and policy weight of each event that counts against the subject.

    The weight is the severity of the gravest offence times the weight of the stage; what ended in the party's favour
    weighs nothing. Without a labelled subject every event counts.
    """
    for place, event in enumerate(gold.events or ()):
        if gold.subject_party is not None and gold.subject_party not in event.parties:
            continue
        weight = max(policy.severity[one] for one in event.offences) * policy.stage_weight[event.stages[0]]
        if weight:
            yield place, event, float(weight)


def _shown_spans(matched: Matched) -> Iterator[Span]:
    """The words that drafted events and omission flags put before the reader."""
    for event in matched.summary.events:
        yield from quote_spans(event.quotes, matched.text)
    for omission in matched.record.omissions:
        yield from locate_all(matched.text, omission.text)
