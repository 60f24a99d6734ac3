"""What the judge's verdicts say of a run, and whether that may gate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from evals.comparison.verdict import Verdict
from evals.judge.calibration import Calibration, JudgeRules, find_faults
from evals.judge.judging import Judgement
from evals.judge.rubric import Support
from evals.judge.shares import Share, correct_share, count_share
from evals.statistics.agreement import Prevalence
from evals.statistics.sums import StatisticsInvalid

UNCALIBRATED = "uncalibrated, not gated"


@dataclass(frozen=True, slots=True)
class JudgeFigures:
    """Counts of one judged run."""

    claims: int
    uncited: int
    """Claims none of whose quotes stands in the article: unsupported, and not put to the judge."""
    supported: Share
    """Of the claims put to the judge, those it called supported, twice."""
    unsupported: int
    cannot_tell: int
    """Disagreements of the two askings included."""
    disagreed: int
    failed: int
    flagged: Share
    """Of all claims, those not supported: uncited, unsupported, cannot tell, failed."""
    flagged_alerts: Share
    """Of all alerts, those with such a claim, or with no record at all."""
    failed_alerts: int


@dataclass(frozen=True, slots=True)
class JudgeGate:
    """Whether the judge gates, and with what verdict."""

    gated: bool
    verdict: Verdict | None
    """None where it does not gate."""
    unsupported: Prevalence | None
    """Share of unsupported claims among all, corrected for the judge's errors; None without a usable calibration."""
    reasons: tuple[str, ...]

    @property
    def mark(self) -> str:
        """What stands beside every figure of the judge."""
        return "gated" if self.gated else UNCALIBRATED


def count_verdicts(judgement: Judgement) -> JudgeFigures:
    """The figures of a judged run, alerts of one subject counting as a cluster."""
    claims = judgement.claims
    asked = [one for one in claims if one.asked]
    alerts: dict[tuple[str, int], tuple[bool, str]] = {
        (case, epoch): (True, subject) for case, epoch, subject in judgement.failed_alerts
    }
    flags: dict[tuple[str, int], list[bool]] = defaultdict(list)
    subjects = {(one.case_id, one.epoch): one.subject for one in claims}
    for one in claims:
        flags[one.case_id, one.epoch].append(not one.supported)
    alerts |= {key: (any(found), subjects[key]) for key, found in flags.items()}
    return JudgeFigures(
        claims=len(claims),
        uncited=len(claims) - len(asked),
        supported=count_share([one.supported for one in asked], [one.subject for one in asked]),
        unsupported=sum(one.verdict is Support.UNSUPPORTED for one in asked),
        cannot_tell=sum(one.verdict is Support.CANNOT_TELL for one in asked),
        disagreed=sum(one.disagreed for one in asked),
        failed=sum(one.verdict is None for one in asked),
        flagged=count_share([not one.supported for one in claims], [one.subject for one in claims]),
        flagged_alerts=count_share([flag for flag, _ in alerts.values()], [subject for _, subject in alerts.values()]),
        failed_alerts=len(judgement.failed_alerts),
    )


def correct_unsupported(figures: JudgeFigures, calibration: Calibration) -> Prevalence | None:
    """The share of unsupported claims among all, by Rogan and Gladen with the calibration's TPR and TNR.

    Uncited claims are counted as they are. None where the judge tells nothing, or was asked nothing.
    """
    try:
        supported = correct_share(figures.supported, calibration.tpr, calibration.tnr)
    except StatisticsInvalid:
        return None
    asked = figures.claims - figures.uncited
    shares = [
        (figures.uncited + asked * (1.0 - share)) / figures.claims
        for share in (supported.value, supported.high, supported.low)
    ]
    return Prevalence(*shares)


def judge_gate(
    judgement: Judgement,
    calibration: Calibration | None,
    rules: JudgeRules | None = None,
    said: Mapping[str, Mapping[str, Support]] | None = None,
) -> JudgeGate:
    """The judge's word on a run: PASS or FAIL only with a calibration that holds for this judge and is good enough.

    PASS: the upper limit of the corrected share of unsupported claims is within the rules. FAIL: its lower limit is
    beyond them. Else UNDERPOWERED. Without such a calibration there is no verdict, and the reasons say why. ``said``:
    the labels as they are now, to be held against those of the calibration.
    """
    rules = rules or JudgeRules()
    figures = count_verdicts(judgement)
    faults = list(find_faults(calibration, judgement.binding, rules, said))
    asked = figures.claims - figures.uncited
    if not asked:
        faults.append("No claim of this run could be judged.")
    elif figures.failed > rules.failed * asked:
        faults.append(f"{figures.failed} of {asked} claims failed to be judged; at most {rules.failed:.0%} may.")
    corrected = correct_unsupported(figures, calibration) if calibration is not None and not faults else None
    if corrected is None:
        return JudgeGate(False, None, None, tuple(faults) or ("The judge is no better than chance.",))
    limits = (
        f"{corrected.value:.1%} of the claims are unsupported, corrected [{corrected.low:.1%}, {corrected.high:.1%}]"
    )
    if corrected.high <= rules.unsupported:
        verdict, reason = Verdict.PASS, f"{limits}: at most {rules.unsupported:.1%}, as the rules ask."
    elif corrected.low > rules.unsupported:
        verdict, reason = Verdict.FAIL, f"{limits}: more than the {rules.unsupported:.1%} of the rules."
    else:
        verdict, reason = Verdict.UNDERPOWERED, f"{limits}: the limits stand on both sides of {rules.unsupported:.1%}."
    return JudgeGate(True, verdict, corrected, (reason,))
