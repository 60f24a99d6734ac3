"""Verdict: what a comparison of two runs comes to, and its exit code."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from evals.comparison.figures import PairedFigure, Standing, lost_share
from evals.comparison.rules import GateRules


class Verdict(StrEnum):
    """PASS: shown to be no worse. FAIL: shown to be worse. UNDERPOWERED: this set of cases cannot tell."""

    PASS = "PASS"
    FAIL = "FAIL"
    UNDERPOWERED = "UNDERPOWERED"

    @property
    def exit_code(self) -> int:
        """0, 1 or 2."""
        return list(Verdict).index(self)


def decide(
    primaries: Sequence[PairedFigure],
    guards: Sequence[PairedFigure],
    missed: Sequence[str],
    rules: GateRules,
    *,
    identical: bool,
) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict and its reasons, in words.

    FAIL: a must-not-miss alert is newly closed, or a primary or guard is worse (one-sided, Holm within its family) and
    not shown to be within its margin. PASS: everything scored is the same in every sample, or each primary is shown to
    be within its margin; all of them must be, so no adjustment is needed (an intersection-union test). Else
    UNDERPOWERED: a difference that was not found is not a difference that is not there.
    """
    reasons = list[str]()
    if missed:
        reasons.append(f"Must not be missed, and newly closed: {', '.join(missed)}.")
    for figure in (*primaries, *guards):
        if figure.standing is Standing.WORSE:
            reasons.append(
                f"{figure.title} is worse: {_signed(figure.difference)} "
                f"(p = {figure.p_worse_adjusted or 0.0:.2g} after Holm; margin {figure.margin:g})."
            )
    if reasons:
        return Verdict.FAIL, tuple(reasons)
    if identical:
        return Verdict.PASS, ("Everything that is scored is the same in every sample.",)
    open_ones = [figure for figure in primaries if figure.standing in {Standing.OPEN, Standing.ABSENT}]
    if not open_ones:
        return Verdict.PASS, ("Every primary measure is shown to be within its margin.",)
    return Verdict.UNDERPOWERED, tuple(_why_open(figure, rules) for figure in open_ones)


def _why_open(figure: PairedFigure, rules: GateRules) -> str:
    if figure.standing is Standing.ABSENT:
        return f"{figure.title} applies to no case in both runs: nothing is known of it."
    if lost_share(figure) > rules.lost_share:
        return (
            f"{figure.title} no longer applies to {len(figure.base_only)} cases to which it did: what is left "
            "cannot speak for them."
        )
    limit = f"{figure.title} may be worse by {abs(figure.worst or 0.0):.3g}, margin {figure.margin:g}"
    if figure.needed_subjects is None:
        return (
            f"{limit}: the difference seen lies at or beyond the margin, so more subjects alone will not show it safe."
        )
    return (
        f"{limit}: about {figure.needed_subjects} further subjects are needed beside the {figure.subjects} "
        f"(power {rules.power:.0%})."
    )


def _signed(value: float | None) -> str:
    return "?" if value is None else f"{value:+.4g}"
