"""Pairing: the same cases in the same epochs of two runs, side by side, and what stands in one of them alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from agent.errors import InputError
from evals.scoring.measure import SampleScore

Key = tuple[str, int]
"""Case id and epoch."""


class SetsDiffer(InputError):
    """Two runs do not hold the same cases in the same epochs, so their figures cannot be set against each other."""


@dataclass(frozen=True, slots=True)
class CasePair:
    """One case as both runs scored it, epochs in step."""

    case_id: str
    subject: str
    base: tuple[SampleScore, ...]
    new: tuple[SampleScore, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Samples that only one of the two runs holds, by case and epoch."""

    base_only: tuple[Key, ...] = ()
    new_only: tuple[Key, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.base_only or self.new_only)


@dataclass(frozen=True, slots=True)
class Differences:
    """A measure's differences (new minus base), one a case to which it applies in both runs, and the other cases."""

    case_ids: tuple[str, ...]
    subjects: tuple[str, ...]
    base: tuple[float, ...]
    new: tuple[float, ...]
    base_only: tuple[str, ...]
    """Cases to which the measure applies in the base alone."""
    new_only: tuple[str, ...]

    @property
    def values(self) -> tuple[float, ...]:
        """New minus base, case by case."""
        return tuple(after - before for before, after in zip(self.base, self.new, strict=True))


def pair_scores(
    base: Sequence[SampleScore], new: Sequence[SampleScore], *, common: bool = False
) -> tuple[tuple[CasePair, ...], LeftOut]:
    """Cases in the order of their ids, and what was left out, which is nothing unless ``common``.

    Raises SetsDiffer where the (case, epoch) sets differ and ``common`` is not asked for, or nothing is common.
    """
    before, after = _by_key(base, "first"), _by_key(new, "second")
    left_out = LeftOut(tuple(sorted(set(before) - set(after))), tuple(sorted(set(after) - set(before))))
    if left_out and not common:
        raise SetsDiffer(
            f"The runs do not hold the same samples: {_count(left_out.base_only, 'first')}, "
            f"{_count(left_out.new_only, 'second')}. Run both on the same cases and epochs, or compare what they have "
            "in common (--common)."
        )
    shared = sorted(set(before) & set(after))
    if not shared:
        raise SetsDiffer("The runs have no case in common: there is nothing to compare.")
    epochs = defaultdict[str, list[Key]](list)
    for key in shared:
        epochs[key[0]].append(key)
    pairs = tuple(
        CasePair(case_id, after[keys[0]].subject, tuple(before[key] for key in keys), tuple(after[key] for key in keys))
        for case_id, keys in epochs.items()
    )
    return pairs, left_out


def take_differences(pairs: Sequence[CasePair], measure: str) -> Differences:
    """The differences of one measure, epochs averaged within a case first."""
    return take_any(pairs, lambda score: one.value if (one := score.measures.get(measure)) else None)


def take_any(pairs: Sequence[CasePair], read: Callable[[SampleScore], float | None]) -> Differences:
    """The differences of anything a sample states as a number, or as None where it does not apply."""
    rows: list[tuple[str, str, float, float]] = []
    base_only, new_only = list[str](), list[str]()
    for pair in pairs:
        before, after = average_epochs(pair.base, read), average_epochs(pair.new, read)
        if before is not None and after is not None:
            rows.append((pair.case_id, pair.subject, before, after))
        elif before is not None:
            base_only.append(pair.case_id)
        elif after is not None:
            new_only.append(pair.case_id)
    return Differences(
        case_ids=tuple(row[0] for row in rows),
        subjects=tuple(row[1] for row in rows),
        base=tuple(row[2] for row in rows),
        new=tuple(row[3] for row in rows),
        base_only=tuple(base_only),
        new_only=tuple(new_only),
    )


def average_epochs(scores: Sequence[SampleScore], read: Callable[[SampleScore], float | None]) -> float | None:
    """Mean over the epochs to which it applies; None where it applies in none."""
    values = [value for score in scores if (value := read(score)) is not None]
    return fmean(values) if values else None


def _by_key(scores: Sequence[SampleScore], which: str) -> dict[Key, SampleScore]:
    keyed = {(score.case_id, score.epoch): score for score in scores}
    if len(keyed) != len(scores):
        raise SetsDiffer(f"The {which} run scores a case twice in one epoch; it cannot be compared.")
    return keyed


def _count(keys: Sequence[Key], which: str) -> str:
    if not keys:
        return f"nothing stands in the {which} alone"
    shown = ", ".join(f"{case} epoch {epoch}" for case, epoch in keys[:5])
    return f"{len(keys)} in the {which} alone ({shown}{' …' if len(keys) > 5 else ''})"
