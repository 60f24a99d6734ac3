"""Tally: the measures and remarks of one sample while they come together."""

from __future__ import annotations

from dataclasses import dataclass, field

from evals.scoring.measure import Measure, Remark
from evals.scoring.measures import MEASURES


@dataclass(slots=True)
class Tally:
    """Measures by name, and what was found wrong, in the order it was found."""

    measures: dict[str, Measure] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)

    def count(self, measure: str, amount: float, of: float = 1.0) -> None:
        """Set a measure. Raises KeyError for a name that is not in the registry."""
        self.measures[MEASURES[measure].name] = Measure(float(amount), float(of))

    def fault(self, measure: str, text: str) -> None:
        """Say what is wrong, in a sentence for the person who mends it."""
        self.remarks.append(Remark(measure, text))

    def judge(self, measure: str, wrong: bool, text: str, *, applies: bool = True) -> None:
        """A measure of one yes or no: worst and remarked on where wrong, and of nothing where it does not apply."""
        bad_is_high = MEASURES[measure].better == "lower"
        self.count(measure, float(applies and wrong == bad_is_high), float(applies))
        if applies and wrong:
            self.fault(measure, text)


def shorten(words: str, limit: int = 120) -> str:
    """Words in double quotes on one line, cut where they are long."""
    flat = " ".join(words.split())
    return f"“{flat if len(flat) <= limit else flat[: limit - 2].rstrip() + ' …'}”"
