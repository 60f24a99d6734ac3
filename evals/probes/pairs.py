"""Counterfactual pairs: two texts that differ in one respect, and drafts that must differ in that alone."""

from __future__ import annotations

from evals.cases.case import Case
from evals.probes.bases import build_cases
from evals.probes.checks import Check, Outcome, Verdict, check_move, check_stays, check_variant
from evals.probes.figures import Tried, shares, verdict_shares
from evals.probes.files import Base, Move, ProbeData
from evals.probes.probed import NO_REFERENCES, Kind, Probed, RunSamples
from evals.probes.view import View, view_outcome


def probe_pairs(data: ProbeData, run: RunSamples, limit: int | None = None) -> Probed:
    """Run the variants of the first ``limit`` bases and judge every text and every pair.

    Raises ProbesInvalid, CaseInvalid, and what ``run`` raises.
    """
    bases = data.bases[:limit]
    built = {base.id: build_cases(base, data.names) for base in bases}
    cases = {case.id: case for variants in built.values() for case in variants.values()}
    outcomes = run(NO_REFERENCES, list(cases.values()))
    checks: list[Check] = []
    pairs: list[Tried] = []
    for base in bases:
        views = {one: view_outcome(case, outcomes[case.id]) for one, case in built[base.id].items()}
        own = _check_variants(base, built[base.id], views)
        checks += [check for found in own.values() for check in found]
        for move in base.moves:
            moved = _check_move(base, move, views)
            checks += moved
            holds = all(one.verdict is Verdict.HELD for one in (*moved, *own[move.start], *own[move.end]))
            pairs.append(Tried(base.respect, base.id, holds))
    figures = shares(Kind.PAIRS, "pairs that hold in all", pairs, bad=False) + verdict_shares(Kind.PAIRS, checks)
    return Probed(Kind.PAIRS, cases, checks, figures)


def _check_variants(base: Base, cases: dict[str, Case], views: dict[str, View | None]) -> dict[str, list[Check]]:
    return {
        one.id: [_tell(base, cases[one.id].id, found) for found in check_variant(one, cases[one.id], views[one.id])]
        for one in base.variants
    }


def _check_move(base: Base, move: Move, views: dict[str, View | None]) -> list[Check]:
    first, second = views[move.start], views[move.end]
    found = [check_move(move.recommendation, first, second), *(check_stays(one, first, second) for one in base.stays)]
    return [_tell(base, f"{base.id}: {move.start} → {move.end}", one) for one in found]


def _tell(base: Base, probe: str, outcome: Outcome) -> Check:
    what, verdict, text = outcome
    return Check(Kind.PAIRS, base.respect, probe, base.id, what, verdict, text)
