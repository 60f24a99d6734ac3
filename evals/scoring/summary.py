"""Summary: the figures of a run, one a measure, over its cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from evals.scoring.measure import Measure, SampleScore
from evals.scoring.measures import MEASURES
from evals.statistics.clusters import ratio_interval


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure over a run: sum of amounts over sum of wholes, with its 95 % interval over subjects."""

    measure: str
    value: float | None
    """None where it applies to no case."""
    low: float | None
    high: float | None
    alerts: int
    """Cases to which the measure applies."""
    subjects: int
    of: float
    """The sum of the wholes, epochs averaged: quotes, events, alerts …"""
    note: str = ""


@dataclass(frozen=True, slots=True)
class CaseMeasure:
    """A measure of one case: amount and whole, averaged over its epochs."""

    case_id: str
    subject: str
    amount: float
    of: float


def summarise(scores: Sequence[SampleScore], measures: Iterable[str] = tuple(MEASURES)) -> list[Figure]:
    """A figure for each measure, in the given order."""
    return [summarise_measure(scores, name) for name in measures]


def summarise_measure(scores: Sequence[SampleScore], name: str) -> Figure:
    """One measure's figure; the interval takes alerts of one subject as one draw."""
    return summarise_cases(name, average_epochs(scores, lambda score: score.measures.get(name)), MEASURES[name].most)


def summarise_cases(name: str, cases: Sequence[CaseMeasure], most: float = 1.0) -> Figure:
    """The figure of these cases. ``most`` is the largest amount a whole of 1 can have."""
    if not cases:
        return Figure(name, None, None, None, 0, 0, 0.0, "applies to no case")
    interval = ratio_interval(
        [case.amount for case in cases], [case.of for case in cases], [case.subject for case in cases], most=most
    )
    note = "one subject only" if interval.clusters == 1 else ""
    whole = sum(case.of for case in cases)
    return Figure(name, interval.value, interval.low, interval.high, len(cases), interval.clusters, whole, note)


def average_epochs(scores: Sequence[SampleScore], read: Callable[[SampleScore], Measure | None]) -> list[CaseMeasure]:
    """Amount and whole of every case to which a measure applies in some epoch, averaged over its epochs."""
    sums: dict[str, tuple[str, float, float, int]] = {}
    for score in scores:
        measure = read(score) or Measure(0.0, 0.0)
        _, amount, of, epochs = sums.get(score.case_id, (score.subject, 0.0, 0.0, 0))
        sums[score.case_id] = (score.subject, amount + measure.amount, of + measure.of, epochs + 1)
    return [
        CaseMeasure(case_id, subject, amount / epochs, of / epochs)
        for case_id, (subject, amount, of, epochs) in sums.items()
        if of
    ]
