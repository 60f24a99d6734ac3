"""Gate: floors that a run must keep, and its comparison with a blessed run, as checks with one verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evals.comparison.comparison import Comparison
from evals.comparison.figures import PairedFigure, Standing
from evals.comparison.rules import MUST_NOT_MISS, Floor, GateRules, RequiredBaseline
from evals.comparison.scored import ScoredRun, compare_runs, describe_differences
from evals.comparison.verdict import Verdict
from evals.scoring.measure import Ending, Measure, SampleScore
from evals.scoring.measures import MEASURES


@dataclass(frozen=True, slots=True)
class Check:
    """One rule of the gate and how the run stands to it."""

    group: str
    """``run``, ``floors``, ``primaries``, ``guards`` or ``comparison``."""
    name: str
    verdict: Verdict
    text: str


@dataclass(frozen=True, slots=True)
class GateReport:
    """What the gate found. FAIL where any check fails, else UNDERPOWERED where any cannot be told, else PASS."""

    run: str
    baseline: str
    checks: tuple[Check, ...]
    comparison: Comparison
    differences: tuple[str, ...]
    """What was run otherwise than the baseline: prompt, model, policy, code …"""

    @property
    def verdict(self) -> Verdict:
        """The gravest of the checks."""
        return gravest(self.checks)


def gravest(checks: Sequence[Check]) -> Verdict:
    """FAIL before UNDERPOWERED before PASS."""
    found = {check.verdict for check in checks}
    return next((one for one in (Verdict.FAIL, Verdict.UNDERPOWERED) if one in found), Verdict.PASS)


def judge_gate(
    new: ScoredRun, base: ScoredRun, rules: GateRules, required: RequiredBaseline | None = None
) -> GateReport:
    """Every check of a run against a blessed run. Raises SetsDiffer where they do not hold the same samples."""
    comparison = compare_runs(base, new, rules)
    checks = (
        *check_run(new, required),
        *check_floors(new.scores, rules),
        *_check_comparison(comparison),
    )
    return GateReport(
        run=new.label,
        baseline=base.label,
        checks=checks,
        comparison=comparison,
        differences=tuple(describe_differences(base.run, new.run)),
    )


def check_run(run: ScoredRun, required: RequiredBaseline | None = None) -> Iterator[Check]:
    """Whether the run is whole and covers what the baseline asks for."""
    manifest = run.run.manifest
    wanted = manifest.cases * manifest.epochs
    state = "finished" if manifest.finished_at is not None else "not finished"
    text = f"{state}, {len(run.run.samples)} of {wanted} samples"
    yield Check("run", "complete", Verdict.PASS if run.complete else Verdict.FAIL, text)
    if required is not None:
        found = {score.split for score in run.scores}
        lacking = [split.value for split in required.splits if split not in found]
        covered = f"no case of {', '.join(lacking)}" if lacking else f"covers {', '.join(required.splits)}"
        yield Check("run", "splits", Verdict.FAIL if lacking else Verdict.PASS, covered)


def check_floors(scores: Sequence[SampleScore], rules: GateRules) -> tuple[Check, ...]:
    """The floors of the rules, in their order."""
    return tuple(_check_floor(name, floor, scores) for name, floor in rules.floors.items())


def _check_floor(name: str, floor: Floor, scores: Sequence[SampleScore]) -> Check:
    found = [(score.case_id, one) for score in scores if (one := _read_floor(score, name)) is not None and one.of]
    alerts = len({case_id for case_id, _ in found})
    title = "Must-not-miss alerts closed" if name == MUST_NOT_MISS else MEASURES[name].title
    if alerts < floor.alerts:
        return Check(
            "floors",
            name,
            Verdict.UNDERPOWERED,
            f"{title}: measured on {alerts} alerts, {floor.alerts} needed; the floor is not shown to be kept",
        )
    if not found:
        return Check("floors", name, Verdict.PASS, f"{title}: not measured, no case of this set asks for it")
    amount, whole = sum(one.amount for _, one in found), sum(one.of for _, one in found)
    kept = amount / whole <= floor.at_most
    broken = sorted({case_id for case_id, one in found if one.amount > 0})
    where = f": {', '.join(broken[:10])}{' …' if len(broken) > 10 else ''}" if broken and not kept else ""
    return Check(
        "floors",
        name,
        Verdict.PASS if kept else Verdict.FAIL,
        f"{title}: {amount / whole:.4g} ({amount:g} of {whole:g} on {alerts} alerts), at most {floor.at_most:g}{where}",
    )


def _read_floor(score: SampleScore, name: str) -> Measure | None:
    """What a sample holds against a floor; a failed one against ``failed`` alone, since an outage is no leak."""
    if score.ending is Ending.FAIL and name != "failed":
        return None
    if name == MUST_NOT_MISS:
        return Measure(float(score.ending is Ending.CLOSE)) if score.must_not_miss else None
    return score.measures.get(name)


def _check_comparison(comparison: Comparison) -> Iterator[Check]:
    missed = ", ".join(comparison.missed)
    yield Check(
        "comparison",
        "must_not_miss_newly_closed",
        Verdict.FAIL if missed else Verdict.PASS,
        f"newly closed: {missed}" if missed else "no must-not-miss alert is newly closed",
    )
    for figure in comparison.primaries:
        yield Check("primaries", figure.measure, _judge_primary(figure, comparison), _state(figure))
    for figure in comparison.guards:
        failed = figure.standing is Standing.WORSE
        yield Check("guards", figure.measure, Verdict.FAIL if failed else Verdict.PASS, _state(figure))
    yield Check("comparison", "verdict", comparison.verdict, " ".join(comparison.reasons))


def _judge_primary(figure: PairedFigure, comparison: Comparison) -> Verdict:
    if figure.standing is Standing.WORSE:
        return Verdict.FAIL
    if comparison.identical or figure.standing in {Standing.WITHIN, Standing.BETTER}:
        return Verdict.PASS
    return Verdict.UNDERPOWERED


def _state(figure: PairedFigure) -> str:
    if figure.difference is None or figure.base is None or figure.new is None:
        return f"{figure.title}: {figure.standing}"
    limits = "" if figure.low is None or figure.high is None else f" [{figure.low:+.4g}, {figure.high:+.4g}]"
    return (
        f"{figure.title}: {figure.standing}; {figure.base:.4g} → {figure.new:.4g}, difference {figure.difference:+.4g}"
        f"{limits}, margin {figure.margin or 0.0:g}, {figure.alerts} alerts of {figure.subjects} subjects"
    )
