"""Scored samples made up for the tests of the comparison: well-behaved unless told otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evals.cases.case import Split
from evals.cases.gold import Truth
from evals.comparison.rules import GateRules, load_gates
from evals.scoring.measure import Ending, Measure, Remark, SampleScore
from evals.scoring.measures import MEASURES

RULES: GateRules = load_gates().choose()
LOOSE: GateRules = load_gates().choose("repository")

_GOOD = {
    "miss": Measure(0),
    "cost": Measure(0),
    "quote_validity": Measure(4, 4),
    "counter_evidence_recall": Measure(2, 2),
    "counter_evidence_invented": Measure(0),
    "stage_overstated": Measure(0, 2),
    "role_inverted": Measure(0, 2),
    "wrong_subject": Measure(0),
    "identity_overclaimed": Measure(0),
    "absent_stated": Measure(0),
    "event_recall": Measure(1, 2),
    "failed": Measure(0),
    "precedent_leaked": Measure(0),
    "canary_leaked": Measure(0),
}


def score(
    number: int,
    *,
    epoch: int = 1,
    subject: str | None = None,
    ending: Ending = Ending.ESCALATE,
    must_not_miss: bool = False,
    remarks: Sequence[Remark] = (),
    split: Split = Split.DEV,
    seconds: float = 1.0,
    cost_usd: float | None = None,
    **measures: Measure,
) -> SampleScore:
    """Sample of case ``c-<number>``, each case its own subject, everything right."""
    return SampleScore(
        case_id=f"c-{number:04}",
        epoch=epoch,
        subject=subject or f"subject {number}",
        split=split,
        slices={},
        truth=Truth.ESCALATE,
        must_not_miss=must_not_miss,
        ending=ending,
        measures={name: {**_GOOD, **measures}.get(name, Measure(0, 0)) for name in MEASURES},
        remarks=tuple(remarks),
        seconds=seconds,
        cost_usd=cost_usd,
    )


def missed(number: int, **more: object) -> SampleScore:
    """The same, closed though it should have been escalated."""
    return score(number, ending=Ending.CLOSE, miss=Measure(1), cost=Measure(20), **more)  # type: ignore[arg-type]


def failed(number: int, **more: object) -> SampleScore:
    """A sample that failed: the worst in everything, work for a person in cost."""
    worst: Mapping[str, Measure] = {
        name: Measure(one.of if MEASURES[name].better == "lower" else 0.0, one.of) for name, one in _GOOD.items()
    }
    return score(number, ending=Ending.FAIL, **{**worst, "cost": Measure(0.3)}, **more)  # type: ignore[arg-type]
