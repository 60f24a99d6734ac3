"""Report: everything a report shows of a run, as plain values; nothing here draws or writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agent.domain.taxonomy import Role, Stage
from evals.cases.case import Split
from evals.cases.gold import Truth
from evals.comparison.gate import Check, GateReport
from evals.comparison.history import HistoryEntry
from evals.running.runs import RunManifest
from evals.scoring.breakdown import Confusion, OffenceTable
from evals.scoring.certainty import CalibrationFigures, SelectiveFigures
from evals.scoring.measure import Ending, Remark, SampleScore
from evals.scoring.prevalence import RestatedCost
from evals.scoring.stability import Stability
from evals.scoring.summary import Figure


@dataclass(frozen=True, slots=True)
class SliceTable:
    """Figures of the cases of each value of one slice, values in order."""

    name: str
    rows: Mapping[str, tuple[Figure, ...]]


@dataclass(frozen=True, slots=True)
class CostCurve:
    """Mean cost an alert against R, what one missed alert is worth; costs are in false escalations."""

    worths: tuple[float, ...]
    """The values of R, rising."""
    drafted: tuple[float, ...]
    """The run's own cost at each."""
    close_all: tuple[float, ...]
    escalate_all: float
    """Whatever R is."""
    review_all: float
    alerts: int
    """Cases whose truth is not open."""


@dataclass(frozen=True, slots=True)
class Certainty:
    """Calibration and closing without a person, or the reason why neither can be judged."""

    calibration: CalibrationFigures | None
    closing: SelectiveFigures | None
    wrong_share: float | None
    """Share of the judged cases that it would be wrong to close: the risk of closing all."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Detectable:
    """The smallest true difference of a measure that two runs over these cases would probably show."""

    measure: str
    alerts: int
    subjects: int
    effect: float
    """Design effect assumed: how much subjects with several alerts widen the variance."""
    differences: tuple[float | None, ...]
    """For each of ``detectable.DISCORDANCES``; None where not even all changed alerts going one way would show."""


@dataclass(frozen=True, slots=True)
class Spending:
    """One quantity over the samples in which it is known."""

    name: str
    title: str
    known: int
    samples: int
    mean: float
    middle: float
    """The 50th percentile: half of the samples have no more."""
    high: float
    """The 95th percentile."""
    total: float


@dataclass(frozen=True, slots=True)
class Claim:
    """Something a draft states, with the words it gives for it."""

    head: str
    text: str
    quotes: tuple[tuple[str, bool], ...]
    """Words, and whether they stand in the article."""


@dataclass(frozen=True, slots=True)
class CaseText:
    """What may be said of a told case beyond figures."""

    note: str
    """Why the gold is what it is."""
    headline: str
    screened: str
    """Whose name the alert gives."""
    outcome: str
    """The recommendation with its reasons, or how it failed."""
    narrative: str
    remarks: tuple[Remark, ...]
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """How one case went, in its worst epoch where there are several."""

    case_id: str
    split: Split
    slices: Mapping[str, str]
    truth: Truth
    must_not_miss: bool
    endings: tuple[Ending, ...]
    """Of every epoch, in order."""
    epoch: int
    """The worst one."""
    seconds: float
    """Over all epochs."""
    wrong: tuple[str, ...]
    """Measures in which some epoch fell short, in the order of the registry."""
    failing: bool
    """Whether it failed, ended unacceptably or got a guard wrong: what ``--only-failing`` runs again."""
    remarks: tuple[Remark, ...]
    """Of all epochs, each once; without words where the case is not told."""
    text: CaseText | None
    """Only of the worst cases, and only where they are told."""


@dataclass(frozen=True, slots=True)
class Report:
    """A run as people read it. Of cases that are not told it holds ids and figures, no words."""

    name: str
    """Drafter, or prompt and model."""
    manifest: RunManifest
    coverage: Mapping[Split, tuple[int, int]]
    """Split → cases and subjects."""
    samples: tuple[SampleScore, ...]
    """Subjects are numbers here."""
    figures: tuple[Figure, ...]
    primaries: tuple[str, ...]
    guards: tuple[str, ...]
    floors: tuple[Check, ...]
    gate: GateReport | None
    """The verdict against another run, where one was given."""
    slices: tuple[SliceTable, ...]
    stages: Confusion[Stage]
    roles: Confusion[Role]
    offences: OffenceTable
    costs: CostCurve | None
    """None where no case has a settled truth."""
    restated: tuple[RestatedCost, ...]
    certainty: Certainty
    detectable: tuple[Detectable, ...]
    stability: Stability | None
    """None where every case was run once."""
    spending: tuple[Spending, ...]
    cases: tuple[CaseOutcome, ...]
    """In the order of their ids."""
    worst: tuple[CaseOutcome, ...]
    """The worst of the told cases, with their words, the worst first."""
    worst_withheld: tuple[CaseOutcome, ...]
    """The worst of the others, without words."""
    history: tuple[HistoryEntry, ...]

    def figure(self, measure: str) -> Figure:
        """The figure of a measure over the whole run. Raises KeyError."""
        return {one.measure: one for one in self.figures}[measure]
