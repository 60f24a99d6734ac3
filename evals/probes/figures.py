"""Figures of probes: shares with exact limits, and differences between swaps, clustered on what the probes vary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from evals.probes.checks import Check, Verdict
from evals.statistics.clusters import ratio_interval
from evals.statistics.multiplicity import holm
from evals.statistics.paired import compare_paired
from evals.statistics.proportions import effective_upper

ALL = "all"
_MARGIN = 0.05
"""A difference in escalation rate below it would still be borne; it moves no figure that is shown."""


@dataclass(frozen=True, slots=True)
class ProbeFigure:
    """One line of the report."""

    kind: str
    part: str
    what: str
    value: float
    low: float
    """Limits of the two-sided 95 % interval."""
    high: float
    units: int
    subjects: int
    upper: float | None = None
    """One-sided 95 % limit, of shares that should be none."""
    p_value: float | None = None
    """Two-sided, adjusted for the number of swaps compared (Holm)."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One try: what it varies, whether it came out, in which part."""

    part: str
    subject: str
    came_out: bool


def share(kind: str, part: str, what: str, tries: Sequence[Tried], *, bad: bool) -> ProbeFigure | None:
    """The share of tries that came out, with an upper limit where that is ``bad``; None where there was no try."""
    if not tries:
        return None
    amounts, subjects = [float(one.came_out) for one in tries], [one.subject for one in tries]
    wholes = [1.0] * len(tries)
    found = ratio_interval(amounts, wholes, subjects)
    upper = effective_upper(amounts, wholes, subjects) if bad else None
    return ProbeFigure(kind, part, what, found.value, found.low, found.high, found.units, found.clusters, upper)


def shares(kind: str, what: str, tries: Sequence[Tried], *, bad: bool) -> list[ProbeFigure]:
    """The share in each part, in the order of their first tries, and over all of them."""
    parts = dict.fromkeys(one.part for one in tries)
    found = [share(kind, part, what, [one for one in tries if one.part == part], bad=bad) for part in parts]
    found.append(share(kind, ALL, what, tries, bad=bad) if len(parts) > 1 else None)
    return [one for one in found if one is not None]


def verdict_shares(kind: str, checks: Iterable[Check]) -> list[ProbeFigure]:
    """How many checks held, and how many were wrong, in each part and over all."""
    listed = list(checks)
    held = [Tried(one.part, one.subject, one.verdict is Verdict.HELD) for one in listed]
    wrong = [Tried(one.part, one.subject, one.verdict is Verdict.WRONG) for one in listed]
    return shares(kind, "checks held", held, bad=False) + shares(kind, "checks wrong", wrong, bad=True)


Rates = Mapping[str, Mapping[str, float]]
"""Swap → case → 1 where it was escalated."""


def differences(rates: Rates, subjects: Mapping[str, str]) -> list[ProbeFigure]:
    """Escalation rate of each swap minus the mean of the others, over the same cases; of two, second minus first.

    subjects: case → its cluster. Every swap has the same cases. Nothing where there is no case.
    """
    names = list(rates)
    cases = sorted(rates[names[0]]) if names else []
    if not cases:
        return []
    compared = names if len(names) > 2 else names[-1:]
    found = []
    for name in compared:
        rest = [other for other in names if other != name]
        gaps = [rates[name][case] - fmean(rates[other][case] for other in rest) for case in cases]
        test = compare_paired(gaps, [subjects[case] for case in cases], _MARGIN, "lower")
        what = "escalated more often than the others" if len(names) > 2 else f"escalated more often than {rest[0]}"
        found.append(
            ProbeFigure(
                "swaps", name, what, test.difference, test.low, test.high, test.units, test.clusters,
                p_value=test.p_different,
            )
        )  # fmt: skip
    adjusted = holm([one.p_value or 0.0 for one in found])
    return [replace(one, p_value=float(p)) for one, p in zip(found, adjusted, strict=True)]
