"""Disclosure: of which cases a report may say more than figures, and taking away what it may not say of the others.

Whoever improves a prompt or the reader sees the texts of smoke and dev cases alone; of calibration, holdout and outside
cases a report knows ids and figures. It is taken away before a report is built, so that no renderer can let it out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from evals.cases.case import TOLD_SPLITS, Case, Shape
from evals.comparison.gate import GateReport
from evals.scoring.measure import Remark, SampleScore

WITHHELD: Final = "text withheld: only figures of this case are shown"


def told_cases(cases: Mapping[str, Case], scores: Sequence[SampleScore]) -> frozenset[str]:
    """Ids of the scored cases whose texts may be shown."""
    return frozenset(
        score.case_id
        for score in scores
        if score.split in TOLD_SPLITS
        and cases[score.case_id].split in TOLD_SPLITS
        and Shape.OUTSIDE not in (cases[score.case_id].entry.shape, *cases[score.case_id].entry.also)
    )


def withhold_scores(scores: Sequence[SampleScore], told: Collection[str]) -> tuple[SampleScore, ...]:
    """The scores with subjects as numbers, and without the words of remarks on cases that are not told."""
    numbers = {subject: f"s{place:04}" for place, subject in enumerate(dict.fromkeys(one.subject for one in scores), 1)}
    return tuple(
        replace(
            score,
            subject=numbers[score.subject],
            remarks=score.remarks if score.case_id in told else _bare(score.remarks),
        )
        for score in scores
    )


def withhold_gate(gate: GateReport, told: Collection[str]) -> GateReport:
    """The gate's report without what flips of cases that are not told say beyond figures."""
    flips = tuple(
        replace(flip, subject="") if flip.case_id in told else replace(flip, subject="", changed=(), gained=(), gone=())
        for flip in gate.comparison.flips
    )
    return replace(gate, comparison=replace(gate.comparison, flips=flips))


def _bare(remarks: Sequence[Remark]) -> tuple[Remark, ...]:
    return tuple(Remark(name, WITHHELD) for name in dict.fromkeys(remark.measure for remark in remarks))
