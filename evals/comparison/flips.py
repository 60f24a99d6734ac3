"""Flips: cases that two runs score differently, both ways, with what changed in each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from evals.cases.case import TOLD_SPLITS, Shape, Split
from evals.comparison.pairing import CasePair, average_epochs
from evals.scoring.measure import Ending, Remark, SampleScore
from evals.scoring.measures import MEASURES

_TINY = 1e-12
"""Differences below this are rounding."""


class Direction(StrEnum):
    """Which way a case went."""

    WORSE = "worse"
    MIXED = "mixed"
    BETTER = "better"
    OTHER = "other"
    """Scored otherwise, neither better nor worse."""


class Shift(NamedTuple):
    """One measure of one case in both runs, epochs averaged; None where it does not apply."""

    measure: str
    base: float | None
    new: float | None


@dataclass(frozen=True, slots=True)
class Flip:
    """One case that the runs score differently."""

    case_id: str
    subject: str
    split: Split
    must_not_miss: bool
    direction: Direction
    endings: tuple[tuple[Ending, Ending], ...]
    """Base and new, for every epoch in which they differ."""
    improved: tuple[Shift, ...]
    regressed: tuple[Shift, ...]
    changed: tuple[str, ...]
    """Stages, roles and offences read otherwise than before, in words. Empty, as are the remarks, for held-out cases:
    whoever improves a prompt must not learn from them."""
    gained: tuple[Remark, ...]
    """What the new run gets wrong and the base did not."""
    gone: tuple[Remark, ...]
    """What the base got wrong and the new run does not."""


def find_flips(pairs: Sequence[CasePair]) -> tuple[Flip, ...]:
    """Every case scored differently in any epoch: the worse first, must-not-miss alerts in front."""
    flips = [describe_flip(pair) for pair in pairs if not scored_alike(pair)]
    order = list(Direction)
    return tuple(sorted(flips, key=lambda flip: (order.index(flip.direction), not flip.must_not_miss, flip.case_id)))


def find_missed(pairs: Sequence[CasePair]) -> tuple[str, ...]:
    """Ids of the must-not-miss alerts that the new run closes in more epochs than the base did."""
    return tuple(
        pair.case_id
        for pair in pairs
        if any(score.must_not_miss for score in (*pair.base, *pair.new))
        and _count_closed(pair.new) > _count_closed(pair.base)
    )


def scored_alike(pair: CasePair) -> bool:
    """Whether everything that is scored is the same in every epoch; time, tokens and cost are not scored."""
    return count_alike(pair) == len(pair.new)


def count_alike(pair: CasePair) -> int:
    """In how many epochs of a case everything that is scored is the same."""
    return sum(_scored(before) == _scored(after) for before, after in zip(pair.base, pair.new, strict=True))


def describe_flip(pair: CasePair) -> Flip:
    """What differs between the two runs of one case."""
    improved, regressed = list[Shift](), list[Shift]()
    for name, info in MEASURES.items():
        shift = Shift(name, _average(pair.base, name), _average(pair.new, name))
        if shift.base is None or shift.new is None or abs(shift.new - shift.base) < _TINY:
            continue
        (improved if (shift.new > shift.base) == (info.better == "higher") else regressed).append(shift)
    directions = {
        (True, True): Direction.MIXED,
        (True, False): Direction.BETTER,
        (False, True): Direction.WORSE,
        (False, False): Direction.OTHER,
    }
    first = pair.new[0]
    told = first.split in TOLD_SPLITS and first.slices.get("shape") != Shape.OUTSIDE
    epochs = list(zip(pair.base, pair.new, strict=True))
    before = Counter(remark for score in pair.base for remark in score.remarks if told)
    after = Counter(remark for score in pair.new for remark in score.remarks if told)
    return Flip(
        case_id=pair.case_id,
        subject=pair.subject,
        split=first.split,
        must_not_miss=first.must_not_miss,
        direction=directions[bool(improved), bool(regressed)],
        endings=tuple((old.ending, new.ending) for old, new in epochs if old.ending != new.ending),
        improved=tuple(improved),
        regressed=tuple(regressed),
        changed=tuple(dict.fromkeys(line for old, new in epochs if told for line in _reread(old, new))),
        gained=tuple(sorted((after - before).keys())),
        gone=tuple(sorted((before - after).keys())),
    )


def _average(scores: Sequence[SampleScore], name: str) -> float | None:
    return average_epochs(scores, lambda score: one.value if (one := score.measures.get(name)) else None)


def _count_closed(scores: Sequence[SampleScore]) -> int:
    return sum(score.ending is Ending.CLOSE for score in scores)


def _scored(score: SampleScore) -> tuple[object, ...]:
    applying = {name: measure for name, measure in score.measures.items() if measure.of}
    return (score.ending, applying, score.remarks, score.risk, score.stages, score.roles, score.offences)


def _reread(old: SampleScore, new: SampleScore) -> list[str]:
    """Stages, roles and offences that the new run reads otherwise, each against the gold."""
    lines = list[str]()
    for kind, before, after in (("event", old.stages, new.stages), ("party", old.roles, new.roles)):
        if len(before) != len(after):
            continue
        for number, ((gold, was), (_, now)) in enumerate(zip(before, after, strict=True), start=1):
            if was != now:
                lines.append(f"{kind} {number}, labelled {gold}: {was or 'not found'} → {now or 'not found'}")
    lost, won = sorted(old.offences[1] - new.offences[1]), sorted(new.offences[1] - old.offences[1])
    lines += [f"offences no longer stated: {', '.join(lost)}"] if lost else []
    lines += [f"offences newly stated: {', '.join(won)}"] if won else []
    return lines
