"""build_report: from a run and its scores to everything a report shows, without drawing or writing anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agent.errors import InputError
from evals.cases.case import Case, Split
from evals.comparison.gate import GateReport, check_floors
from evals.comparison.history import HistoryEntry
from evals.comparison.rules import PRIMARIES, GateRules, load_gates
from evals.reporting.costs import trace_costs
from evals.reporting.detectable import tell_detectable
from evals.reporting.disclosure import told_cases, withhold_gate, withhold_scores
from evals.reporting.outcomes import list_outcomes, rank_worst, tell_texts
from evals.reporting.report import CaseOutcome, Certainty, Report, SliceTable
from evals.reporting.spending import tell_spending
from evals.running.runs import Run
from evals.scoring.breakdown import (
    slice_figures,
    slice_names,
    tabulate_offences,
    tabulate_roles,
    tabulate_stages,
)
from evals.scoring.certainty import CalibrationMissing, fit_calibration, judge_calibration, judge_closing
from evals.scoring.measure import SampleScore
from evals.scoring.options import make_options
from evals.scoring.prevalence import PREVALENCES, restate_cost
from evals.scoring.stability import assess_stability
from evals.scoring.summary import summarise

WORST = 5
"""How many of the worst cases are shown unless told otherwise."""


class ReportInvalid(InputError):
    """What was given does not belong in one report."""


def build_report(
    run: Run,
    scores: Sequence[SampleScore],
    cases: Mapping[str, Case],
    *,
    calibration: Sequence[SampleScore] | None = None,
    comparison: GateReport | None = None,
    history: Sequence[HistoryEntry] = (),
    rules: GateRules | None = None,
    worst: int = WORST,
) -> Report:
    """The report of a scored run; texts of cases outside smoke and dev are left out here, once and for all.

    calibration: scores of a run of the same drafter over the calibration split, in place of such scores in ``scores``.
    comparison: the gate's report of this run against another. history: the blessed runs, oldest first.
    rules: what floors and guards hold, the comparison's or the shipped ones unless given.
    Raises ReportInvalid where scores and run differ; GatesInvalid.
    """
    _check(run, scores, cases)
    rules = rules or (comparison.comparison.rules if comparison is not None else load_gates().choose())
    told = told_cases(cases, scores)
    samples = withhold_scores(scores, told)
    primaries, guards = tuple(name for name in PRIMARIES if name in rules.primaries), tuple(rules.guards)
    outcomes = list_outcomes(samples)
    repeated = assess_stability(samples)

    def rank(members: Sequence[CaseOutcome]) -> tuple[CaseOutcome, ...]:
        return rank_worst(members, samples, (*primaries, *guards), worst)

    return Report(
        name=run.name,
        manifest=run.manifest,
        coverage=_count_cases(samples),
        samples=samples,
        figures=tuple(summarise(samples)),
        primaries=primaries,
        guards=guards,
        floors=check_floors(samples, rules),
        gate=withhold_gate(comparison, told) if comparison is not None else None,
        slices=tuple(
            SliceTable(name, {value: tuple(figures) for value, figures in slice_figures(samples, name).items()})
            for name in slice_names(samples)
        ),
        stages=tabulate_stages(samples),
        roles=tabulate_roles(samples),
        offences=tabulate_offences(samples),
        costs=trace_costs(samples, make_options().undecided_cost),
        restated=tuple(restate_cost(samples, share) for share in PREVALENCES),
        certainty=_judge_certainty(scores, calibration or ()),
        detectable=tell_detectable(samples, (*primaries, *guards)),
        stability=repeated if repeated.epochs > 1 else None,
        spending=tell_spending(samples),
        cases=outcomes,
        worst=tell_texts(rank([one for one in outcomes if one.case_id in told]), run, cases),
        worst_withheld=rank([one for one in outcomes if one.case_id not in told]),
        history=tuple(history),
    )


def check_calibration(run: Run, calibration: Run) -> None:
    """Raise ReportInvalid unless both runs are of the same drafter: what one's risk is worth says nothing of another's.

    The policy counts as part of the drafter, since risk is an order that begins with the recommendation.
    """
    here, there = run.manifest, calibration.manifest
    differing = [
        field
        for field in ("drafter", "prompt", "model", "parameters", "policy_hash", "code_version")
        if getattr(here, field) != getattr(there, field)
    ]
    if differing:
        raise ReportInvalid(
            f"Run {there.run_id} cannot calibrate run {here.run_id}: {', '.join(differing)} differ. Run the "
            "calibration split with the same prompt, model and policy."
        )


def _check(run: Run, scores: Sequence[SampleScore], cases: Mapping[str, Case]) -> None:
    sampled = sorted((sample.case_id, sample.epoch) for sample in run.samples)
    scored = sorted((score.case_id, score.epoch) for score in scores)
    if sampled != scored or not scored:
        raise ReportInvalid(
            f"Run {run.manifest.run_id} holds {len(sampled)} samples, and {len(scored)} scores were given that are not "
            "of just these: score the run and pass what comes out."
        )
    if unknown := sorted({case_id for case_id, _ in scored} - set(cases)):
        raise ReportInvalid(f"Scores of cases that were not given: {', '.join(unknown[:8])}.")


def _count_cases(samples: Sequence[SampleScore]) -> dict[Split, tuple[int, int]]:
    """Split → cases and subjects, splits in their order."""
    counts = {}
    for split in Split:
        here = [score for score in samples if score.split is split]
        if here:
            counts[split] = (len({score.case_id for score in here}), len({score.subject for score in here}))
    return counts


def _judge_certainty(scores: Sequence[SampleScore], calibration: Sequence[SampleScore]) -> Certainty:
    """Fitted on the calibration split of the run given for it, else of this one; judged on this one's other splits."""
    fitting = [score for score in calibration or scores if score.split is Split.CALIBRATION]
    both = [*fitting, *(score for score in scores if score.split is not Split.CALIBRATION)]
    try:
        fitted = fit_calibration(both)
        figures, closing = judge_calibration(both, fitted), judge_closing(both)
    except CalibrationMissing as error:
        return Certainty(None, None, None, str(error))
    return Certainty(figures, closing, float(closing.curve.risk[-1]))
