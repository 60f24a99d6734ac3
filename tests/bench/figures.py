"""Figures that the evaluation scripts share: splits, precision and recall, bootstrap intervals, plain tables."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np

from evals.cases.outside.rows import fold as fold
from evals.cases.outside.rows import is_set_aside
from evals.cases.outside.rows import subject_key as subject_key

Split = Literal["dev", "heldout"]
Row = TypeVar("Row")
RESAMPLES = 2_000


def data_dir(argument: str | None) -> Path:
    """Where the evaluation data lies: the argument, else TRIAGE_DATA_DIR; ends the script in words when absent."""
    place = argument or os.environ.get("TRIAGE_DATA_DIR")
    if not place or not Path(place).is_dir():
        raise SystemExit("No evaluation data: give its folder as an argument or set TRIAGE_DATA_DIR.")
    return Path(place)


def load_rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def draw(rows: Sequence[Row], limit: int | None) -> list[Row]:
    """All rows, or a seeded sample of at most ``limit``: files are sorted, so their first rows are not typical."""
    if limit is None or limit >= len(rows):
        return list(rows)
    return random.Random(limit).sample(rows, limit)


def split_of(key: str) -> Split:
    """Two in five keys are for tuning, the rest is set aside, as in ``triage eval outside``."""
    return "heldout" if is_set_aside(key) else "dev"


@dataclass(frozen=True, slots=True)
class Scores:
    precision: float
    recall: float
    f1: float


def positive_scores(gold: Sequence[bool], predicted: Sequence[bool]) -> Scores:
    """Precision, recall and F1 of the positive class; 0 where a denominator is 0."""
    both = sum(1 for truth, guess in zip(gold, predicted, strict=True) if truth and guess)
    precision = both / max(1, sum(predicted))
    recall = both / max(1, sum(gold))
    return Scores(precision, recall, 2 * precision * recall / (precision + recall) if both else 0.0)


def accuracy(gold: Sequence[str], predicted: Sequence[str]) -> float:
    return sum(truth == guess for truth, guess in zip(gold, predicted, strict=True)) / max(1, len(gold))


def macro_f1(gold: Sequence[str], predicted: Sequence[str]) -> float:
    """Mean F1 over the classes that occur in the truth."""
    classes = sorted(set(gold))
    each = [positive_scores([truth == one for truth in gold], [guess == one for guess in predicted]) for one in classes]
    return sum(scores.f1 for scores in each) / max(1, len(each))


def interval(statistic: Callable[[Sequence[int]], float], size: int, seed: int = 7) -> tuple[float, float]:
    """The 95 % bootstrap interval of a statistic over row indices, rows drawn with replacement."""
    if size == 0:
        return (0.0, 0.0)
    draws = np.random.default_rng(seed).integers(0, size, (RESAMPLES, size))
    values = [statistic(draw.tolist()) for draw in draws]
    low, high = np.percentile(values, [2.5, 97.5])
    return (float(low), float(high))


def proportion_interval(part: int, whole: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a proportion."""
    if whole == 0:
        return (0.0, 0.0)
    z, share = 1.96, part / whole
    centre = (share + z * z / (2 * whole)) / (1 + z * z / whole)
    half = z * ((share * (1 - share) + z * z / (4 * whole)) / whole) ** 0.5 / (1 + z * z / whole)
    return (centre - half, centre + half)


def in_brackets(bounds: tuple[float, float]) -> str:
    return f"[{bounds[0]:.3f}, {bounds[1]:.3f}]"


def print_table(title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table in plain text: the first column to the left, the others to the right."""
    cells = [[f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in [list(header), *cells]) for column in range(len(header))]
    print(f"\n{title}")
    for row in [list(header), ["-" * width for width in widths], *cells]:
        first, *rest = row
        print("  " + "  ".join([first.ljust(widths[0]), *(c.rjust(w) for c, w in zip(rest, widths[1:], strict=True))]))
