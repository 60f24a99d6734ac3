"""Time, tokens and money: what the samples of a run took."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import ceil
from types import MappingProxyType
from typing import Final

from evals.reporting.report import Spending
from evals.scoring.measure import Ending, SampleScore

_READERS: Final = MappingProxyType[str, tuple[str, Callable[[SampleScore], float | None]]](
    {
        "seconds": ("Seconds an alert", lambda score: score.seconds),
        "calls": ("Model calls an alert", lambda score: _of_record(score, score.calls)),
        "input_tokens": ("Input tokens an alert", lambda score: _of_record(score, score.input_tokens)),
        "output_tokens": ("Output tokens an alert", lambda score: _of_record(score, score.output_tokens)),
        "cost_usd": ("US dollars an alert", lambda score: score.cost_usd),
    }
)

PLACES: Final = MappingProxyType({"seconds": 3, "calls": 2, "cost_usd": 5})
"""Decimal places worth showing; none of what is not named."""


def tell_spending(scores: Sequence[SampleScore]) -> tuple[Spending, ...]:
    """One row a quantity; those that no sample has are left out, as are calls and tokens of a run without a model.

    What a failed sample paid is not recorded, so it is counted as unknown, not as nothing.
    """
    return tuple(_tell(scores))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of the values that at least this share of them does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(ceil(share * len(ordered)), 1) - 1]


def _tell(scores: Sequence[SampleScore]) -> Iterator[Spending]:
    asked = any(score.calls or score.input_tokens or score.cost_usd for score in scores)
    for name, (title, read) in _READERS.items():
        known = [value for score in scores if (value := read(score)) is not None]
        if known and (asked or name == "seconds"):
            yield Spending(
                name=name,
                title=title,
                known=len(known),
                samples=len(scores),
                mean=sum(known) / len(known),
                middle=percentile(known, 0.5),
                high=percentile(known, 0.95),
                total=sum(known),
            )


def _of_record(score: SampleScore, value: int) -> float | None:
    return None if score.ending is Ending.FAIL else float(value)
