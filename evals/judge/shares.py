"""Shares of claims that come in subjects, and the share of unsupported claims corrected for the judge's errors."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from agent.domain.base import Frozen
from evals.statistics.agreement import Prevalence, rogan_gladen
from evals.statistics.clusters import cluster_se, ratio_interval

LEVEL = 0.95


class Share(Frozen):
    """A count of a number of claims, with its limits and the number of independent claims that would tell as much."""

    count: int = Field(ge=0)
    of: int = Field(ge=0)
    low: float = 0.0
    high: float = 1.0
    effective: float = 0.0
    subjects: int = 0

    @property
    def value(self) -> float | None:
        """The share; None of nothing."""
        return self.count / self.of if self.of else None


def count_share(flags: Sequence[bool], subjects: Sequence[str]) -> Share:
    """The share of true flags, claims of one subject counting as a cluster, limits at 95 %."""
    if not flags:
        return Share(count=0, of=0)
    found = ratio_interval([float(flag) for flag in flags], [1.0] * len(flags), subjects, LEVEL)
    return Share(
        count=sum(flags),
        of=len(flags),
        low=found.low,
        high=found.high,
        effective=_effective(flags, subjects, found.clusters),
        subjects=found.clusters,
    )


def correct_share(supported: Share, tpr: Share, tnr: Share) -> Prevalence:
    """The true share of supported claims behind ``supported``, as counted by a judge with these rates.

    Value by Rogan and Gladen from the counts as they are; limits by Lang and Reiczigel from the effective counts, so
    that they carry the uncertainty of all three shares and the likeness of claims of one subject.
    Raises StatisticsInvalid where a share is of nothing, or the judge no better than chance.
    """
    whole = rogan_gladen(supported.count, supported.of, (tpr.count, tpr.of), (tnr.count, tnr.of), LEVEL)
    seen = supported.effective
    limits = rogan_gladen((supported.value or 0.0) * seen, seen, _shrink(tpr), _shrink(tnr), LEVEL)
    return Prevalence(whole.value, min(limits.low, whole.value), max(limits.high, whole.value))


def _effective(flags: Sequence[bool], subjects: Sequence[str], clusters: int) -> float:
    """As many independent claims as would tell the same: p(1-p)/se², at none or all the number of clusters."""
    share = sum(flags) / len(flags)
    if share in {0.0, 1.0} or clusters < 2:
        return float(clusters)
    se, _ = cluster_se([float(flag) for flag in flags], subjects)
    return min(share * (1.0 - share) / se**2, float(len(flags))) if se > 0 else float(clusters)


def _shrink(share: Share) -> tuple[int, int]:
    """The effective counts in whole claims; the share stays as near as whole numbers allow."""
    of = max(int(share.effective), 1)
    return round((share.value or 0.0) * of), of
