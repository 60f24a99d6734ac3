"""Grounding: whether the quotes stand in the article, and whether every claim has one that does."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.domain.record import TriageRecord
from agent.domain.summary import Quote, RiskSummary
from agent.domain.taxonomy import Role
from evals.scoring.matched import Matched
from evals.scoring.spans import all_quotes, stands
from evals.scoring.tally import Tally, shorten

_NO_CLAIM = frozenset({Role.MENTIONED, Role.UNDETERMINED})
"""Roles that claim nothing about their party."""


def score_grounding(matched: Matched, tally: Tally) -> None:
    """Quotes found and claims without evidence."""
    record, text = matched.record, matched.text
    quotes = list(all_quotes(record.summary))
    verified = [stands(quote, text) for _, quote in quotes]
    # A quote that the record counted and no longer shows was not found either.
    tally.count("quote_validity", sum(verified), max(len(quotes), record.grounding.quotes))
    for (claim, quote), found in zip(quotes, verified, strict=True):
        if not found:
            tally.fault(
                "quote_validity", f"{claim} quotes words that the article does not have: {shorten(quote.text)}."
            )
    _compare_with_report(record, sum(verified), tally)
    claims = list(_claims(record.summary))
    bare = [claim for claim, given in claims if not any(stands(quote, text) for quote in given)]
    tally.count("uncited", len(bare), len(claims))
    for claim in bare:
        tally.fault("uncited", f"{claim} comes without a quote that was found.")
    _score_lowered(record, tally)


def _score_lowered(record: TriageRecord, tally: Tally) -> None:
    """Parties and events of which grounding had to take something back."""
    ids = [*(party.id for party in record.summary.parties), *(event.id for event in record.summary.events)]
    lowered = {one for one in ids for line in record.grounding.lowered if re.match(rf"{re.escape(one)}\b", line)}
    tally.count("overreached", len(lowered), len(ids))
    for line in record.grounding.lowered:
        tally.fault("overreached", f"Lowered: {shorten(line)}.")


def _compare_with_report(record: TriageRecord, verified: int, tally: Tally) -> None:
    if record.grounding.found != verified:
        tally.fault(
            "quote_validity",
            f"The record says that {record.grounding.found} quotes were found; by their offsets it is {verified}.",
        )


def _claims(summary: RiskSummary) -> Iterator[tuple[str, tuple[Quote, ...]]]:
    """Every claim with its quotes: events, counter-evidence, roles that say something, stated identifiers."""
    for party in summary.parties:
        if party.role not in _NO_CLAIM:
            yield f"{party.name}'s role ({party.role})", party.quotes
        yield from ((f"{party.name}'s {one.name} “{one.value}”", one.quotes) for one in party.identifiers)
    yield from ((f"{event.id} ({event.stage})", event.quotes) for event in summary.events)
    yield from ((f"{entry.id} ({entry.kind})", entry.quotes) for entry in summary.counter_evidence)
