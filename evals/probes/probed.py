"""Probed: what one kind of probes showed, and how probes are run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from agent.domain.record import TriageFailure, TriageRecord
from evals.cases.case import Case
from evals.cases.references import CaseReferences
from evals.probes.checks import Check
from evals.probes.figures import ProbeFigure

Outcomes = dict[str, TriageRecord | TriageFailure]
"""Case id → what became of it."""
RunSamples = Callable[[CaseReferences, Sequence[Case]], Outcomes]
"""Runs cases beside references: ``evals.probes.running.run_samples`` with its settings."""

NO_REFERENCES: Final = CaseReferences((), ())
"""Pairs and swaps stand alone: no profile knows the invented names, so none may tell the texts apart."""


class Kind(StrEnum):
    """The kinds of probes."""

    PAIRS = "pairs"
    SWAPS = "swaps"
    INJECTION = "injection"


@dataclass(frozen=True, slots=True)
class Probed:
    """What one kind of probes showed."""

    kind: Kind
    cases: dict[str, Case]
    """Every probe case that was run, by id."""
    checks: list[Check]
    figures: list[ProbeFigure]
    notes: list[str] = field(default_factory=list)
