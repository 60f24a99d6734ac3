"""Certainty: what a record's risk is worth as a probability of escalation, and for closing without a person.

Both are fitted on the calibration split and judged on all others. Cases whose truth is open have no outcome and are
left out. A failure has no risk: it counts as a probability that was wholly wrong, and is never closed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from agent.errors import ConfigError
from evals.cases.case import Split
from evals.cases.gold import Truth
from evals.scoring.measure import SampleScore
from evals.statistics.calibration import (
    CalibrationError,
    IsotonicMap,
    ReliabilityBin,
    brier,
    brier_skill,
    ece,
    fit_isotonic,
    log_loss,
    reliability_table,
)
from evals.statistics.proportions import effective_upper
from evals.statistics.selective import RiskCoverage, ThresholdChoice, aurc, choose_threshold, risk_coverage

NEVER_CLOSED: Final = -1.0
"""The certainty of a failure: below every record's."""


class CalibrationMissing(ConfigError):
    """There is nothing to fit on, or nothing to judge by."""


@dataclass(frozen=True, slots=True)
class CalibrationFigures:
    """How well the calibrated probabilities of escalation hold."""

    fitted_on: int
    """Cases of the calibration split."""
    alerts: int
    """Cases judged."""
    subjects: int
    failures: int
    """Cases among them that failed in every epoch."""
    distinct: int
    """Different probabilities stated: few mean that the order is coarse."""
    brier: float
    skill: float
    log_loss: float
    error: CalibrationError
    bins: tuple[ReliabilityBin, ...]


@dataclass(frozen=True, slots=True)
class SelectiveFigures:
    """What closing the surest alerts without a person would do."""

    target: float
    """The share of wrongly closed among the closed that is allowed."""
    choice: ThresholdChoice
    """Chosen on the calibration split."""
    curve: RiskCoverage
    """On the other splits, as are all figures below."""
    aurc: float
    alerts: int
    closed: int
    wrong: int
    upper: float | None
    """95 % upper limit of the share of wrongly closed; None where nothing is closed."""
    lost: float | None
    """Share of the alerts to escalate that would be closed; None where there are none."""

    @property
    def confirmed(self) -> bool:
        """Whether the other splits bear the threshold out."""
        return self.upper is not None and self.upper <= self.target


@dataclass(frozen=True, slots=True)
class _CaseRisk:
    subject: str
    escalate: bool
    risks: tuple[float | None, ...]


def fit_calibration(scores: Sequence[SampleScore]) -> IsotonicMap:
    """The map from risk to probability, from the calibration split alone. Raises CalibrationMissing."""
    cases = [case for case in _by_case(_of_calibration(scores)) if any(risk is not None for risk in case.risks)]
    if not cases:
        raise CalibrationMissing("No record of the calibration split was scored: run that split too.")
    return fit_isotonic(
        [fmean(risk for risk in case.risks if risk is not None) for case in cases], [case.escalate for case in cases]
    )


def judge_calibration(scores: Sequence[SampleScore], fitted: IsotonicMap | None = None) -> CalibrationFigures:
    """Calibrated probabilities on everything but the calibration split. Raises CalibrationMissing."""
    fitted = fitted or fit_calibration(scores)
    cases = _judged(scores)

    def state(case: _CaseRisk) -> float:
        wrong = float(not case.escalate)
        return fmean(wrong if risk is None else float(fitted.map_scores([risk])[0]) for risk in case.risks)

    stated, outcomes = [state(case) for case in cases], [float(case.escalate) for case in cases]
    subjects = [case.subject for case in cases]
    return CalibrationFigures(
        fitted_on=len(_by_case(_of_calibration(scores))),
        alerts=len(cases),
        subjects=len(set(subjects)),
        failures=sum(all(risk is None for risk in case.risks) for case in cases),
        distinct=len(set(stated)),
        brier=brier(stated, outcomes),
        skill=brier_skill(stated, outcomes),
        log_loss=log_loss(stated, outcomes),
        error=ece(stated, outcomes, subjects),
        bins=tuple(reliability_table(stated, outcomes)),
    )


def judge_closing(scores: Sequence[SampleScore], target: float = 0.02, level: float = 0.95) -> SelectiveFigures:
    """Closing without a person what is surest not to need escalation: certainty is 1 - risk.

    Raises CalibrationMissing.
    """
    fitting = _by_case(_of_calibration(scores))
    if not fitting:
        raise CalibrationMissing("No record of the calibration split was scored: run that split too.")
    choice = choose_threshold(
        [_certainty(case) for case in fitting],
        [float(case.escalate) for case in fitting],
        [case.subject for case in fitting],
        target,
        level,
    )
    cases = _judged(scores)
    sure, wrong = [_certainty(case) for case in cases], [_is_wrong(case) for case in cases]
    closed = [case for case in cases if choice.threshold is not None and _certainty(case) >= choice.threshold]
    errors = [_is_wrong(case) for case in closed]
    grave = sum(case.escalate for case in cases)
    return SelectiveFigures(
        target=target,
        choice=choice,
        curve=risk_coverage(sure, wrong),
        aurc=aurc(sure, wrong),
        alerts=len(cases),
        closed=len(closed),
        wrong=int(sum(errors)),
        upper=effective_upper(errors, [1.0] * len(errors), [case.subject for case in closed], level)
        if closed
        else None,
        lost=sum(case.escalate for case in closed) / grave if grave else None,
    )


def _certainty(case: _CaseRisk) -> float:
    """The least sure of the epochs: an alert is closed only if it would be closed each time."""
    return min(NEVER_CLOSED if risk is None else 1.0 - risk for risk in case.risks)


def _is_wrong(case: _CaseRisk) -> float:
    """Whether closing it is wrong; a failure is wrong whatever becomes of it."""
    return float(case.escalate or None in case.risks)


def _of_calibration(scores: Sequence[SampleScore]) -> list[SampleScore]:
    return _select(scores, lambda score: score.split is Split.CALIBRATION)


def _judged(scores: Sequence[SampleScore]) -> list[_CaseRisk]:
    cases = _by_case(_select(scores, lambda score: score.split is not Split.CALIBRATION))
    if not cases:
        raise CalibrationMissing("Only the calibration split was scored: what was fitted there is judged on another.")
    return cases


def _select(scores: Sequence[SampleScore], wanted: Callable[[SampleScore], bool]) -> list[SampleScore]:
    return [score for score in scores if score.truth is not Truth.OPEN and wanted(score)]


def _by_case(scores: Sequence[SampleScore]) -> list[_CaseRisk]:
    groups: dict[str, list[SampleScore]] = defaultdict(list)
    for score in scores:
        groups[score.case_id].append(score)
    return [
        _CaseRisk(group[0].subject, group[0].truth is Truth.ESCALATE, tuple(score.risk for score in group))
        for group in groups.values()
    ]
