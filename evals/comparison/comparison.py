"""Comparison: two scored runs held against each other, case by case, with a verdict."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from evals.comparison.figures import PairedFigure, figure_expense, figure_family, figure_others
from evals.comparison.flips import Flip, count_alike, find_flips, find_missed
from evals.comparison.pairing import Key, LeftOut, pair_scores
from evals.comparison.rules import GateRules
from evals.comparison.verdict import Verdict, decide
from evals.scoring.measure import SampleScore
from evals.scoring.measures import MEASURES


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that the comparison of a new run with a base shows."""

    verdict: Verdict
    reasons: tuple[str, ...]
    rules: GateRules
    primaries: tuple[PairedFigure, ...]
    """Tested as one family."""
    guards: tuple[PairedFigure, ...]
    """Tested as another: a guard cannot pass a run, only fail it."""
    others: tuple[PairedFigure, ...]
    """Reported, not tested."""
    expense: tuple[PairedFigure, ...]
    """Seconds, tokens, calls and dollars an alert."""
    flips: tuple[Flip, ...]
    missed: tuple[str, ...]
    """Must-not-miss alerts that the new run closes and the base did not."""
    not_comparable: tuple[tuple[str, tuple[str, ...]], ...]
    """Tested measures with the cases to which they apply in one run alone."""
    left_out: LeftOut
    cases: int
    subjects: int
    samples: int
    alike: int
    """Samples scored the same in both runs."""
    same_drafts: int
    """Samples whose records say the same word for word, as far as the caller knows."""

    @property
    def identical(self) -> bool:
        """Whether everything scored is the same in every sample."""
        return not self.flips


def compare_scores(
    base: Sequence[SampleScore],
    new: Sequence[SampleScore],
    rules: GateRules,
    *,
    identical: Collection[tuple[str, int]] = (),
    common: bool = False,
) -> Comparison:
    """Compare two scored runs on the same (case, epoch) set.

    identical: samples whose records are the same word for word; only counted, since what is scored alike is seen from
    the scores. common: compare what both runs hold where their sets differ, and name the rest.
    Raises SetsDiffer.
    """
    pairs, left_out = pair_scores(base, new, common=common)
    flips = find_flips(pairs)
    alike = not flips
    primaries = figure_family(pairs, rules.primaries, rules, identical=alike)
    guards = figure_family(pairs, rules.guards, rules, identical=alike)
    tested = {figure.measure for figure in (*primaries, *guards)}
    missed = find_missed(pairs)
    verdict, reasons = decide(primaries, guards, missed, rules, identical=alike)
    keys: set[Key] = {(pair.case_id, score.epoch) for pair in pairs for score in pair.new}
    return Comparison(
        verdict=verdict,
        reasons=reasons,
        rules=rules,
        primaries=primaries,
        guards=guards,
        others=figure_others(pairs, [name for name in MEASURES if name not in tested]),
        expense=figure_expense(pairs),
        flips=flips,
        missed=missed,
        not_comparable=tuple(
            (figure.measure, (*figure.base_only, *figure.new_only))
            for figure in (*primaries, *guards)
            if figure.base_only or figure.new_only
        ),
        left_out=left_out,
        cases=len(pairs),
        subjects=len({pair.subject for pair in pairs}),
        samples=len(keys),
        alike=sum(count_alike(pair) for pair in pairs),
        same_drafts=len(keys & set(identical)),
    )


def comparison_as_json(comparison: Comparison) -> dict[str, Any]:
    """A comparison as plain JSON values; absent numbers are null, never NaN."""
    content = asdict(comparison)
    content["rules"] = comparison.rules.model_dump(mode="json")
    return content
