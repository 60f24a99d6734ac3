"""Figures of a set: shares with limits over subjects, tables of counts, and the ids behind what went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from agent.domain.record import TriageFailure, TriageRecord
from evals.cases.case import Case, Split
from evals.cases.outside.rows import Drawn
from evals.probes.figures import ProbeFigure
from evals.running.runs import Sample
from evals.scoring.measure import SampleScore
from evals.scoring.score import score_sample
from evals.statistics.clusters import ratio_interval
from evals.statistics.proportions import effective_upper

RunCases = Callable[[Sequence[Case]], Mapping[str, TriageRecord | TriageFailure]]
"""Runs cases through the pipeline: case id → what became of it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows of a set are wanted, and who drafts."""

    split: Split
    limit: int | None
    run: RunCases


@dataclass(frozen=True, slots=True)
class Table:
    """Counts, under a header; the first column names the row."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """What a set showed: figures and ids alone."""

    name: str
    split: Split
    units: int
    """Rows that were put to the test."""
    unit: str
    """What they are, in the plural."""
    failed: int
    left_out: Mapping[str, int]
    figures: Sequence[ProbeFigure]
    tables: Sequence[Table] = ()
    ids: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What went wrong → the rows where it did."""
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """A case with what became of it and its score."""

    case: Case
    outcome: TriageRecord | TriageFailure
    score: SampleScore

    @property
    def failed(self) -> bool:
        """Whether there is no record."""
        return isinstance(self.outcome, TriageFailure)


def run_drawn(drawn: Drawn, asked: Asked) -> list[Told]:
    """The cases run and scored, in their order."""
    outcomes = asked.run(drawn.cases)
    return [_tell(case, outcomes[case.id]) for case in drawn.cases]


def _tell(case: Case, outcome: TriageRecord | TriageFailure) -> Told:
    return Told(case, outcome, score_sample(case, Sample(case_id=case.id, epoch=1, outcome=outcome, seconds=0.0)))


def ratio(
    name: str, what: str, counted: Iterable[tuple[float, float, str]], *, bad: bool = False, part: str = "all"
) -> list[ProbeFigure]:
    """The figure of (amount, whole, subject) of each unit, with an upper limit where it is ``bad``; none without units.

    A whole of 0 means that the figure does not apply to the unit.
    """
    units = [unit for unit in counted if unit[1]]
    if not units:
        return []
    amounts, wholes = [unit[0] for unit in units], [unit[1] for unit in units]
    subjects = [unit[2] for unit in units]
    found = ratio_interval(amounts, wholes, subjects)
    upper = effective_upper(amounts, wholes, subjects) if bad else None
    return [ProbeFigure(name, part, what, found.value, found.low, found.high, found.units, found.clusters, upper)]


def ratios(
    name: str, what: str, counted: Iterable[tuple[str, float, float, str]], *, bad: bool = False
) -> list[ProbeFigure]:
    """The figure of (part, amount, whole, subject) of each unit: over all, and in each of several parts."""
    units = list(counted)
    parts = sorted({unit[0] for unit in units})
    figures = ratio(name, what, [unit[1:] for unit in units], bad=bad)
    for part in parts if len(parts) > 1 else ():
        figures += ratio(name, what, [unit[1:] for unit in units if unit[0] == part], bad=bad, part=part)
    return figures


def measure_scores(name: str, what: str, told: Sequence[Told], measure: str, *, bad: bool = False) -> list[ProbeFigure]:
    """The figure of a measure of the registry over these cases."""
    counted = [(one.score.measures[measure], one.case.subject) for one in told]
    return ratio(name, what, [(found.amount, found.of, subject) for found, subject in counted], bad=bad)


def cross(title: str, pairs: Iterable[tuple[str, str]], columns: Sequence[str] = ()) -> Table:
    """How often each first stands beside each second; ``columns`` come first, in their order."""
    counts = Counter(pairs)
    names = list(dict.fromkeys([*columns, *sorted({second for _, second in counts})]))
    rows = sorted({first for first, _ in counts})
    return Table(title, ("", *names), tuple((first, *(counts[first, second] for second in names)) for first in rows))


def count_failed(told: Iterable[Told]) -> int:
    """How many have no record."""
    return sum(one.failed for one in told)


def list_ids(told: Iterable[Told], wrong: Callable[[Told], bool]) -> list[str]:
    """The ids of the cases for which it is so."""
    return [one.case.id for one in told if wrong(one)]
