"""Matched: a record laid beside its case's gold, parties and events paired once for every scorer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.domain.record import TriageRecord
from agent.domain.summary import RiskSummary
from evals.cases.case import Case
from evals.cases.gold import Gold
from evals.scoring.events import EventMatch, match_events
from evals.scoring.options import ScoringOptions
from evals.scoring.parties import PartyMatch, match_parties


@dataclass(frozen=True, slots=True)
class Matched:
    """What every scorer looks at."""

    case: Case
    record: TriageRecord
    options: ScoringOptions
    parties: PartyMatch
    events: EventMatch

    @property
    def gold(self) -> Gold:
        """What was labelled."""
        return self.case.gold

    @property
    def summary(self) -> RiskSummary:
        """What was drafted, as grounding left it."""
        return self.record.summary

    @property
    def text(self) -> str:
        """The article."""
        return self.case.alert.article.text

    def name_of(self, party_id: str | None) -> str:
        """The gold party's name for a remark."""
        return next((one.name for one in self.gold.parties or () if one.id == party_id), "nobody named")

    def drafted_name(self, party_id: str | None) -> str:
        """The drafted party's name for a remark."""
        return next((one.name for one in self.summary.parties if one.id == party_id), "nobody named")

    def drafted_ids(self, gold_party: str | None) -> Sequence[str]:
        """The drafted parties that are the gold party, the surest first."""
        return self.parties.drafted_of.get(gold_party, ()) if gold_party is not None else ()


def match_record(case: Case, record: TriageRecord, options: ScoringOptions) -> Matched:
    """Lay the record beside the gold."""
    gold, text = case.gold, case.alert.article.text
    parties = match_parties(gold.parties or (), record.summary.parties, record.provenance.language)
    events = match_events(gold.events or (), record.summary.events, parties, text)
    return Matched(case=case, record=record, options=options, parties=parties, events=events)
