"""Paired figures: what two runs' difference in one measure shows, as numbers that are never NaN."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil, isfinite, log, sqrt
from statistics import fmean

from evals.comparison.pairing import CasePair, Differences, take_any, take_differences
from evals.comparison.rules import GateRules, Margin
from evals.scoring.measure import SampleScore
from evals.scoring.measures import MEASURES
from evals.statistics.clusters import cluster_bootstrap
from evals.statistics.multiplicity import holm
from evals.statistics.paired import compare_paired
from evals.statistics.power import detectable_difference, needed_units


class Standing(StrEnum):
    """What a comparison showed of one measure."""

    BETTER = "better"
    """Shown to be better, after Holm; hence also within the margin."""
    WITHIN = "within margin"
    """Shown not to be worse by as much as the margin."""
    UNCHANGED = "unchanged"
    """The runs score every case alike, so nothing needs showing."""
    OPEN = "not shown either way"
    """Neither shown to be within the margin nor shown to be worse."""
    WORSE = "worse"
    """Shown to be worse, after Holm, and not shown to be within the margin."""
    REPORTED = "reported"
    """Not tested."""
    ABSENT = "not comparable"
    """The measure applies to no case in both runs."""


@dataclass(frozen=True, slots=True)
class PairedFigure:
    """One measure in both runs: means over the comparable cases, their difference (new minus base) and its limits."""

    measure: str
    title: str
    better: str
    base: float | None
    new: float | None
    difference: float | None
    low: float | None
    """Limits of the clustered two-sided interval of the difference."""
    high: float | None
    bootstrap_low: float | None
    """The same by cluster bootstrap; None with fewer than two subjects."""
    bootstrap_high: float | None
    alerts: int
    subjects: int
    changed: int
    """Subjects whose mean differs; 0 for time, tokens and money."""
    base_only: tuple[str, ...]
    """Cases to which the measure applies in the base alone; they are in no number here."""
    new_only: tuple[str, ...]
    standing: Standing
    margin: float | None = None
    worst: float | None = None
    """One-sided limit on the bad side: the new run may differ as badly as this."""
    p_worse: float | None = None
    p_worse_adjusted: float | None = None
    """After Holm within its family."""
    p_better_adjusted: float | None = None
    p_not_inferior: float | None = None
    p_different: float | None = None
    detectable: float | None = None
    """True difference that this comparison would show with the rules' power, at most the largest there can be."""
    needed_subjects: int | None = None
    """Further subjects that would probably show it to be within its margin; None where no number would."""


def figure_family(
    pairs: Sequence[CasePair], margins: Mapping[str, Margin], rules: GateRules, *, identical: bool
) -> tuple[PairedFigure, ...]:
    """One family of tested measures, Holm over those that apply; ``identical`` where every case is scored alike."""
    figures = [_test(take_differences(pairs, name), name, margin.margin, rules) for name, margin in margins.items()]
    tested = [place for place, figure in enumerate(figures) if figure.p_worse is not None]
    worse = holm([figures[place].p_worse or 0.0 for place in tested])
    better = holm([_chance_of_better(figures[place]) for place in tested])
    for place, p_worse, p_better in zip(tested, worse, better, strict=True):
        adjusted = replace(figures[place], p_worse_adjusted=p_worse, p_better_adjusted=p_better)
        figures[place] = replace(adjusted, standing=_judge(adjusted, rules, identical=identical))
    return tuple(figures)


def figure_others(pairs: Sequence[CasePair], names: Sequence[str]) -> tuple[PairedFigure, ...]:
    """Measures that are reported and not tested, in the order given; those that apply nowhere are left out."""
    figures = (
        _report(take_differences(pairs, name), name, MEASURES[name].title, MEASURES[name].better) for name in names
    )
    return tuple(figure for figure in figures if figure.alerts or figure.base_only or figure.new_only)


def figure_expense(pairs: Sequence[CasePair]) -> tuple[PairedFigure, ...]:
    """Seconds, tokens, calls and dollars an alert: differences with intervals, never tested, lower being better."""
    readers: dict[str, tuple[str, Callable[[SampleScore], float | None]]] = {
        "seconds": ("Seconds an alert", lambda score: score.seconds),
        "cost_usd": ("US dollars an alert", lambda score: score.cost_usd),
        "input_tokens": ("Input tokens an alert", lambda score: float(score.input_tokens)),
        "output_tokens": ("Output tokens an alert", lambda score: float(score.output_tokens)),
        "calls": ("Model calls an alert", lambda score: float(score.calls)),
    }
    figures = (_report(take_any(pairs, read), name, title, "lower") for name, (title, read) in readers.items())
    return tuple(figure for figure in figures if figure.alerts or figure.base_only or figure.new_only)


def _chance_of_better(figure: PairedFigure) -> float:
    """One-sided p-value of no gain: half the two-sided one where the difference is a gain."""
    half = (1.0 if figure.p_different is None else figure.p_different) / 2.0
    gain = (figure.difference or 0.0) * (1.0 if figure.better == "higher" else -1.0)
    return half if gain > 0 else 1.0 - half


def lost_share(figure: PairedFigure) -> float:
    """Share of the base's cases to which the measure no longer applies."""
    had = figure.alerts + len(figure.base_only)
    return len(figure.base_only) / had if had else 0.0


def _judge(figure: PairedFigure, rules: GateRules, *, identical: bool) -> Standing:
    if identical:
        return Standing.UNCHANGED
    within = (figure.p_not_inferior or 0.0) <= rules.alpha and lost_share(figure) <= rules.lost_share
    if (figure.p_worse_adjusted or 0.0) <= rules.alpha and not within:
        return Standing.WORSE
    if not within:
        return Standing.OPEN
    return Standing.BETTER if (figure.p_better_adjusted or 0.0) <= rules.alpha else Standing.WITHIN


def _test(differences: Differences, name: str, margin: float, rules: GateRules) -> PairedFigure:
    """One tested measure before Holm; without comparable cases it stays ABSENT and has no p-value."""
    info = MEASURES[name]
    figure = replace(_report(differences, name, info.title, info.better, rules.alpha), margin=margin)
    if not differences.case_ids:
        return figure
    reach = info.most
    test = compare_paired(differences.values, differences.subjects, margin, info.better, rules.alpha, reach)
    spread = test.se * sqrt(test.units)
    # Where few subjects changed the error is small by chance: nothing below the interval's half width is detectable.
    expected = detectable_difference(test.units, spread, alpha=rules.alpha, power=rules.power)
    detectable = max(expected, abs(test.worst - test.difference))
    return replace(
        figure,
        standing=Standing.OPEN,
        low=_finite(test.low),
        high=_finite(test.high),
        worst=_finite(test.worst),
        changed=test.changed,
        p_worse=_chance(test.p_worse),
        p_not_inferior=_chance(test.p_not_inferior),
        p_different=_chance(test.p_different),
        detectable=min(detectable, reach) if isfinite(detectable) else reach,
        needed_subjects=_count_needed(figure, test.changed, spread, margin, reach, rules),
    )


def _count_needed(
    figure: PairedFigure, changed: int, spread: float, margin: float, reach: float, rules: GateRules
) -> int | None:
    """Further subjects after which the limit on the bad side probably lies within the margin; 0 is never said."""
    harm = (figure.difference or 0.0) * (1.0 if figure.better == "lower" else -1.0)
    exact = ceil(log(rules.alpha) / log(1.0 - min(margin / reach, 0.999)))
    if harm >= margin:
        return None
    needed = exact
    if changed:
        units = needed_units(margin - harm, spread, alpha=rules.alpha, power=rules.power, sides=1)
        needed = max(exact, ceil(units * figure.subjects / figure.alerts))
    return max(needed - figure.subjects, 1)


def _report(differences: Differences, name: str, title: str, better: str, alpha: float = 0.05) -> PairedFigure:
    """Means and both intervals, without any test."""
    values, subjects = differences.values, differences.subjects
    figure = PairedFigure(
        measure=name,
        title=title,
        better=better,
        base=_mean(differences.base),
        new=_mean(differences.new),
        difference=_mean(values),
        low=None,
        high=None,
        bootstrap_low=None,
        bootstrap_high=None,
        alerts=len(values),
        subjects=len(set(subjects)),
        changed=0,
        base_only=differences.base_only,
        new_only=differences.new_only,
        standing=Standing.REPORTED if values else Standing.ABSENT,
    )
    if figure.subjects < 2:
        return figure
    low, high = cluster_bootstrap(values, subjects, 1.0 - alpha)
    figure = replace(figure, bootstrap_low=_finite(low), bootstrap_high=_finite(high))
    if name not in MEASURES:
        return figure
    test = compare_paired(values, subjects, 0.0, better, alpha, MEASURES[name].most)
    return replace(figure, low=_finite(test.low), high=_finite(test.high), changed=test.changed)


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def _finite(value: float) -> float | None:
    return float(value) if isfinite(value) else None


def _chance(value: float) -> float:
    """A p-value that is no number shows nothing: 1."""
    return min(max(float(value), 0.0), 1.0) if isfinite(value) else 1.0
