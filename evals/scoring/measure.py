"""Measure: one figure of one sample as an amount of a whole, so that sums, means and intervals all come from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from agent.domain.taxonomy import Offence, Role, Stage
from evals.cases.case import Split
from evals.cases.gold import Truth


class Measure(NamedTuple):
    """``amount`` out of ``of``: 3 of 4 quotes found, 1 of 1 alert missed. ``of`` 0: the measure does not apply."""

    amount: float
    of: float = 1.0

    @property
    def value(self) -> float | None:
        """Amount over whole; None where it does not apply."""
        return self.amount / self.of if self.of else None


class Ending(StrEnum):
    """Where an alert goes: the recommendation's families, and the failure."""

    ESCALATE = "escalate"
    REVIEW = "review"
    CLOSE = "close"
    CANNOT_ASSESS = "cannot_assess"
    FAIL = "fail"


class Remark(NamedTuple):
    """One thing a sample got wrong (or shows), in a sentence for the person who mends it."""

    measure: str
    text: str


@dataclass(frozen=True, slots=True)
class SampleScore:
    """Everything that was scored of one case in one epoch."""

    case_id: str
    epoch: int
    subject: str
    """The cluster."""
    split: Split
    slices: Mapping[str, str]
    """Shape, language, subject kind …: what figures can be broken down by."""
    truth: Truth
    must_not_miss: bool
    ending: Ending
    measures: Mapping[str, Measure]
    remarks: tuple[Remark, ...] = ()
    risk: float | None = None
    """How strongly the record speaks for escalation, 0 to 1, an order and no probability; None for a failure."""
    stages: tuple[tuple[Stage, Stage | None], ...] = ()
    """Gold stage and drafted stage of each gold event; None where no drafted event meets it."""
    roles: tuple[tuple[Role, Role | None], ...] = ()
    """Gold role and drafted role of each gold party."""
    offences: tuple[frozenset[Offence], frozenset[Offence], frozenset[Offence]] = field(
        default=(frozenset(), frozenset(), frozenset())
    )
    """Gold, drafted, and acceptable beside gold, over all events."""
    events_labelled: bool = True
    """Whether the case's events were labelled: an empty gold set of offences is otherwise no finding of none."""
    seconds: float = 0.0
    cost_usd: float | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    calls: int = 0


@dataclass(frozen=True, slots=True)
class MeasureInfo:
    """What a measure is called, which way is better, and what it means."""

    name: str
    title: str
    better: str
    """``higher`` or ``lower``."""
    group: str
    """Heading in reports: disposition, findings, roles, counter-evidence, grounding …"""
    definition: str
    most: float = 1.0
    """The largest amount a whole of 1 can have: 1 for shares, R for a cost that rises to R."""
