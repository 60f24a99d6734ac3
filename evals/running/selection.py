"""Which cases to run: splits, ids, the first so many, and those that an earlier run got wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from evals.cases.case import Case, Split
from evals.cases.files import SHIPPED, CaseSet, load_cases
from evals.running.orders import OrderInvalid
from evals.running.runs import Run
from evals.scoring.measure import SampleScore
from evals.scoring.measures import MEASURES
from evals.scoring.score import score_run

USUAL_SPLITS: Final = (Split.DEV,)
"""What is run when neither splits nor cases are named."""
_WRONG: Final = (
    "failed",
    "acceptable",
    "counter_evidence_recall",
    "counter_evidence_invented",
    "stage_overstated",
    "role_inverted",
    "wrong_subject",
    "identity_overclaimed",
    "absent_stated",
)
"""Failures, recommendations nobody would accept, and the guards of the gate."""


def select_cases(
    *,
    root: Path = SHIPPED,
    splits: Sequence[Split] = (),
    ids: Sequence[str] = (),
    limit: int | None = None,
    failing: Run | None = None,
) -> CaseSet:
    """The cases to run, in the order of their files. Raises CaseInvalid, RunInvalid and OrderInvalid.

    Without ``splits`` those of ``ids`` or ``failing`` are found in any split. ``failing`` is an earlier run: what it
    failed at, did not end acceptably, or got a guard of the gate wrong in is run again.
    """
    everywhere = bool(ids) or failing is not None
    wanted = tuple(splits) or (tuple(Split) if everywhere else USUAL_SPLITS)
    cases = load_cases(root, wanted).select(ids=ids)
    if failing is not None:
        wrong = find_failing(load_cases(root).by_id(), failing)
        cases = CaseSet(tuple(case for case in cases.cases if case.id in wrong))
        if not cases.cases:
            raise OrderInvalid(f"Run {failing.manifest.run_id} got none of these cases wrong: nothing to run again.")
    return CaseSet(cases.cases[:limit])


def find_failing(cases: Mapping[str, Case], run: Run) -> frozenset[str]:
    """Ids of the cases that the run got wrong in at least one epoch."""
    return frozenset(score.case_id for score in score_run(cases, run) if is_wrong(score))


def is_wrong(score: SampleScore) -> bool:
    """Whether a sample failed, ended unacceptably, or got a guard wrong. What was not labelled is not wrong."""
    return any(_falls_short(name, score) for name in _WRONG)


def _falls_short(name: str, score: SampleScore) -> bool:
    measure = score.measures.get(name)
    if measure is None or not measure.of:
        return False
    return measure.amount < measure.of if MEASURES[name].better == "higher" else measure.amount > 0
