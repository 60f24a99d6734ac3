"""Pairs of names, of one person or of two: what ``retrieval.names.comparison`` takes for one.

Names are no alerts, so nothing is drafted. Pairs are parted by the hash of their two entities, as they were when the
comparison's threshold was chosen; a person of the part set aside may stand in a pair of the other, so that the pairs of
wholly unseen people are reported apart. Clusters are people linked by any pair of the part. Many official aliases share
nothing with the name: a recall of 1 is out of reach.
"""

from __future__ import annotations

import csv
import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from evals.cases.case import Split
from evals.cases.outside.figures import Asked, Measured, Table, cross, ratio, ratios
from evals.cases.outside.rows import OutsideInvalid, Word, draw, parse_row
from evals.probes.figures import ProbeFigure
from evals.statistics.clusters import ratio_interval
from retrieval.names.comparison import SAME_NAME, compare_names

NAME: Final = "name_pairs"
FILE: Final = "name_pairs.csv"
_UNSEEN: Final = "people unseen"


class _PairRow(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    left: str
    right: str
    label: Literal["0", "1"]
    kind: Word
    entity_left: str
    entity_right: str


@dataclass(frozen=True, slots=True)
class NamePair:
    """Two names, whether one person bears both, and which line of the file they stand in."""

    line: int
    left: str
    right: str
    same: bool
    kind: str
    people: tuple[str, str]

    @property
    def split(self) -> Split:
        """The part by the pair's two entities."""
        return Split.DEV if stands_in_dev_half(self.people) else Split.HOLDOUT


@dataclass(frozen=True, slots=True)
class _Compared:
    pair: NamePair
    score: float
    cluster: str

    @property
    def called(self) -> bool:
        return self.score >= SAME_NAME

    @property
    def right(self) -> bool:
        return self.called == self.pair.same


def stands_in_dev_half(people: Sequence[str]) -> bool:
    """Whether a pair of these entities was there to choose the threshold on."""
    return int(hashlib.sha256("|".join(sorted(people)).encode()).hexdigest(), 16) % 2 == 0


def read_name_pairs(folder: Path) -> list[NamePair]:
    """Every pair of the file. Raises OutsideInvalid."""
    path = folder / FILE
    pairs = []
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            for given in reader:
                row = parse_row(given, _PairRow, f"{FILE}, line {reader.line_num}")
                people = (row.entity_left, row.entity_right)
                pairs.append(NamePair(reader.line_num, row.left, row.right, row.label == "1", row.kind, people))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise OutsideInvalid(
            f"{path} cannot be read: {type(error).__name__}. Check the folder given as --data."
        ) from None
    return pairs


def measure_name_pairs(folder: Path, asked: Asked) -> Measured:
    """Compare the names of a part's pairs. Raises OutsideInvalid."""
    pairs = read_name_pairs(folder)
    mine = [pair for pair in pairs if pair.split is asked.split]
    clusters = link_people(mine)
    others = {one for pair in pairs if pair.split is not asked.split for one in pair.people}
    compared = [
        _Compared(pair, compare_names(pair.left, pair.right).score, clusters[pair.people[0]])
        for pair in draw(mine, asked.limit, lambda pair: f"{FILE} {pair.line}")
    ]
    unseen = [one for one in compared if not others.intersection(one.pair.people)]
    figures = [*_score(compared, "all"), *_score(unseen, _UNSEEN)]
    kinds = [(one.pair.kind, float(one.right), 1.0, one.cluster) for one in compared]
    figures += ratios(NAME, "told rightly", kinds)
    return Measured(
        NAME,
        asked.split,
        len(compared),
        "pairs",
        0,
        {},
        figures,
        [_table(compared)],
        {"different called same": [f"line-{one.pair.line}" for one in compared if one.called and not one.pair.same]},
        [f"Names are called the same from a score of {SAME_NAME} on. Nothing is drafted: the drafter plays no part."],
    )


def link_people(pairs: Iterable[NamePair]) -> dict[str, str]:
    """Person → cluster: people whom pairs link, directly or through others, are one."""
    parents: dict[str, str] = {}

    def find(one: str) -> str:
        while parents.setdefault(one, one) != one:
            parents[one] = parents[parents[one]]
            one = parents[one]
        return one

    for pair in pairs:
        first, second = sorted(map(find, pair.people))
        parents[second] = first
    return {one: find(one) for one in list(parents)}


def area_under_curve(
    same: Sequence[bool], scores: Sequence[float], clusters: Sequence[str]
) -> tuple[float, float, float]:
    """Value and 95 % limits of the chance that a same pair scores above a different one, ties half.

    same, scores, clusters: one entry a pair, some same and some different. The limits are those of the mean of each
    pair's placement among the pairs of the other label: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988)
    837-845, clustered as by Obuchowski, Biometrics 53 (1997) 567-578.
    """
    positives, negatives = sum(same), len(same) - sum(same)
    placements = _place(same, scores)
    area = sum(place for place, one in zip(placements, same, strict=True) if one) / positives
    shares = {True: positives / len(same), False: negatives / len(same)}
    # Their mean is the area, and the area varies with each label's placements as with a mean over that label alone.
    spread = [area + (place - area) / shares[one] for place, one in zip(placements, same, strict=True)]
    found = ratio_interval(spread, [1.0] * len(spread), clusters, most=None)
    return area, max(0.0, found.low), min(1.0, found.high)


def _place(same: Sequence[bool], scores: Sequence[float]) -> list[float]:
    """Of each pair, the share of the other label's pairs that lie on its right side, ties half."""
    sides = {
        label: sorted(score for score, one in zip(scores, same, strict=True) if one is label) for label in (True, False)
    }
    placements = []
    for score, one in zip(scores, same, strict=True):
        other = sides[not one]
        below = (bisect_left(other, score) + bisect_right(other, score)) / 2 / len(other)
        placements.append(below if one else 1.0 - below)
    return placements


def _score(compared: Sequence[_Compared], part: str) -> list[ProbeFigure]:
    """Precision, recall and F1 of calling two names the same, how often different ones are, and the area."""
    precision, recall, f1, wrong = [], [], [], []
    for one in compared:
        called, same = float(one.called), float(one.pair.same)
        precision.append((called * same, called, one.cluster))
        recall.append((called * same, same, one.cluster))
        f1.append((called * same, (called + same) / 2, one.cluster))
        wrong.append((called * (1 - same), 1 - same, one.cluster))
    figures = [
        *ratio(NAME, "called the same: precision", precision, part=part),
        *ratio(NAME, "called the same: recall", recall, part=part),
        *ratio(NAME, "called the same: F1", f1, part=part),
        *ratio(NAME, "different people called the same", wrong, bad=True, part=part),
    ]
    labels = [one.pair.same for one in compared]
    clusters = [one.cluster for one in compared]
    if len(set(labels)) == 2 and len(set(clusters)) > 1:  # one cluster alone shows no spread
        area = area_under_curve(labels, [one.score for one in compared], clusters)
        figures.append(ProbeFigure(NAME, part, "area under the curve", *area, len(labels), len(set(clusters))))
    same_all = [(float(label), 1.0, one.cluster) for label, one in zip(labels, compared, strict=True)]
    return [*figures, *ratio(NAME, "everything the same (majority): precision", same_all, part=part)]


def _table(compared: Sequence[_Compared]) -> Table:
    told = [(one.pair.kind, "called the same" if one.called else "told apart") for one in compared]
    return cross("kind and what was called", told, ("called the same", "told apart"))
