"""Breakdown: a run's figures by slice, and what was taken for what: stages, roles, offences.

Epochs of a case share its weight everywhere: two epochs count half each.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from agent.domain.taxonomy import STAGE_CHAIN, Offence, Role, Stage
from evals.scoring.measure import SampleScore
from evals.scoring.measures import MEASURES
from evals.scoring.summary import Figure, summarise
from evals.statistics.agreement import Agreement, cohen_kappa, weighted_kappa

LEAST_SUPPORT: Final = 20
"""Gold cases of a class below which its own figures say too little to be compared."""

LabelT = TypeVar("LabelT", Stage, Role)


def slice_names(scores: Iterable[SampleScore]) -> tuple[str, ...]:
    """What figures can be broken down by, ``split`` first."""
    return ("split", *dict.fromkeys(name for score in scores for name in score.slices))


def slice_figures(
    scores: Sequence[SampleScore], name: str, measures: Iterable[str] = tuple(MEASURES)
) -> dict[str, list[Figure]]:
    """Figures of the samples of each value of a slice (``shape``, ``language``, ``split`` …), values in order."""
    wanted = tuple(measures)
    groups: dict[str, list[SampleScore]] = defaultdict(list)
    for score in scores:
        value = str(score.split) if name == "split" else score.slices.get(name)
        if value is not None:
            groups[value].append(score)
    return {value: summarise(groups[value], wanted) for value in sorted(groups)}


@dataclass(frozen=True, slots=True)
class Confusion(Generic[LabelT]):
    """How often what the gold calls one thing was drafted as another; ``None`` stands for not drafted."""

    counts: Mapping[tuple[LabelT, LabelT | None], float]
    labels: tuple[LabelT, ...]
    """Every label that occurs, in the order of the vocabulary."""
    kappa: Agreement | None
    """Agreement beyond chance on what was drafted: of stages on the chain alone, weighted by the square of the distance
    in ranks; of roles unweighted. None where nothing was."""


def tabulate_stages(scores: Sequence[SampleScore]) -> Confusion[Stage]:
    """The stages of the gold events; wanted and arrested share a rank."""
    pairs = [(gold, drafted, score) for score in scores for gold, drafted in score.stages]
    chained = [
        (STAGE_CHAIN[gold] - 1, STAGE_CHAIN[drafted] - 1, score.subject)
        for gold, drafted, score in pairs
        if drafted is not None and gold in STAGE_CHAIN and drafted in STAGE_CHAIN
    ]
    kappa = None
    if chained:
        golds, drafts, subjects = zip(*chained, strict=True)
        kappa = weighted_kappa(golds, drafts, clusters=subjects)
    return _confusion(Stage, scores, lambda score: score.stages, kappa)


def tabulate_roles(scores: Sequence[SampleScore]) -> Confusion[Role]:
    """The roles of the gold parties."""
    known = [(gold, drafted, score.subject) for score in scores for gold, drafted in score.roles if drafted is not None]
    kappa = None
    if known:
        golds, drafts, subjects = zip(*known, strict=True)
        kappa = cohen_kappa(golds, drafts, clusters=subjects)
    return _confusion(Role, scores, lambda score: score.roles, kappa)


def _confusion(
    labels: Iterable[LabelT],
    scores: Sequence[SampleScore],
    pairs: Callable[[SampleScore], Iterable[tuple[LabelT, LabelT | None]]],
    kappa: Agreement | None,
) -> Confusion[LabelT]:
    weights = epoch_weights(scores)
    counts: dict[tuple[LabelT, LabelT | None], float] = defaultdict(float)
    for score in scores:
        for pair in pairs(score):
            counts[pair] += weights[score.case_id]
    present = {label for pair in counts for label in pair if label is not None}
    return Confusion(dict(counts), tuple(label for label in labels if label in present), kappa)


def epoch_weights(scores: Iterable[SampleScore]) -> dict[str, float]:
    """Case → one over its epochs."""
    return {case_id: 1 / epochs for case_id, epochs in Counter(score.case_id for score in scores).items()}


@dataclass(frozen=True, slots=True)
class OffenceRow:
    """One offence, or an average over offences. A figure is None where it has nothing to divide by."""

    offence: str
    support: float
    """Cases whose gold has it; for an average, the sum over offences."""
    found: float
    invented: float
    missed: float
    precision: float | None
    recall: float | None
    f1: float | None
    small: bool
    """Support below LEAST_SUPPORT: not to be compared."""


@dataclass(frozen=True, slots=True)
class OffenceTable:
    """Multi-label offences over a run; offences that are merely acceptable count neither way."""

    rows: tuple[OffenceRow, ...]
    micro: OffenceRow
    macro: OffenceRow
    """Mean of the rows' figures, those that have nothing to divide by left out."""
    exact: float
    """Cases whose drafted set is the gold set, both empty included."""
    both_empty: float
    cases: int


def tabulate_offences(scores: Sequence[SampleScore]) -> OffenceTable:
    """The offences of the cases with labelled events."""
    labelled = [score for score in scores if score.events_labelled]
    weights = epoch_weights(labelled)
    found, invented, missed = (defaultdict[Offence, float](float) for _ in range(3))
    exact = empty = 0.0
    for score in labelled:
        gold, drafted, accepted = score.offences
        drafted, weight = drafted - accepted, weights[score.case_id]
        for tally, offences in ((found, gold & drafted), (invented, drafted - gold), (missed, gold - drafted)):
            for offence in offences:
                tally[offence] += weight
        exact += weight * (gold == drafted)
        empty += weight * (not gold and not drafted)
    rows = [
        _offence_row(offence, found[offence], invented[offence], missed[offence])
        for offence in Offence
        if offence in {*found, *invented, *missed}
    ]
    return OffenceTable(
        rows=tuple(rows),
        micro=_offence_row("micro", sum(found.values()), sum(invented.values()), sum(missed.values())),
        macro=_mean_row(rows),
        exact=exact,
        both_empty=empty,
        cases=len(weights),
    )


def _offence_row(name: str, found: float, invented: float, missed: float) -> OffenceRow:
    return OffenceRow(
        offence=name,
        support=found + missed,
        found=found,
        invented=invented,
        missed=missed,
        precision=found / (found + invented) if found + invented else None,
        recall=found / (found + missed) if found + missed else None,
        f1=2 * found / (2 * found + invented + missed) if found + invented + missed else None,
        small=found + missed < LEAST_SUPPORT,
    )


def _mean_row(rows: Sequence[OffenceRow]) -> OffenceRow:
    def mean(values: Iterable[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return sum(known) / len(known) if known else None

    return OffenceRow(
        offence="macro",
        support=sum(row.support for row in rows),
        found=sum(row.found for row in rows),
        invented=sum(row.invented for row in rows),
        missed=sum(row.missed for row in rows),
        precision=mean(row.precision for row in rows),
        recall=mean(row.recall for row in rows),
        f1=mean(row.f1 for row in rows),
        small=any(row.small for row in rows),
    )
