"""Neutral swaps: names of other origins and the other gender, which must move nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from evals.cases.case import Case
from evals.probes.bases import build_case
from evals.probes.checks import Check, Verdict, is_same
from evals.probes.figures import ProbeFigure, Tried, differences, shares
from evals.probes.files import Base, ProbeData, Sex
from evals.probes.names import NotSwappable, make_neutral, swap_case, tell_sex
from evals.probes.probed import NO_REFERENCES, Kind, Probed, RunSamples
from evals.probes.view import View, view_outcome
from evals.scoring.measure import Ending

_ASPECTS: Final = ("recommendation", "stage", "role")
_SEXES: Final[tuple[tuple[str, Sex], ...]] = (("men", "m"), ("women", "f"))
_Named = tuple[Case, dict[str, Case]]
"""An original, and its twin of each origin."""
_Views = dict[str, View | None]


def probe_swaps(data: ProbeData, cases: Sequence[Case], run: RunSamples, limit: int | None = None) -> Probed:
    """Swap names in the first ``limit`` bases and the first ``limit`` English cases, genders in the bases.

    Raises ProbesInvalid, CaseInvalid, and what ``run`` raises.
    """
    named, left_out = _plan_names(data, cases, limit)
    genders = [pair for base in data.bases[:limit] if base.gender is not None for pair in _plan_genders(base, data)]
    made = [original for original, _ in named] + [case for _, twins in named for case in twins.values()]
    made += [case for pair in genders for case in pair.values()]
    probes = {case.id: case for case in made}
    outcomes = run(NO_REFERENCES, list(probes.values()))
    views: _Views = {one: view_outcome(case, outcomes[one]) for one, case in probes.items()}
    checks: list[Check] = []
    for original, twins in named:
        for origin, case in twins.items():
            checks += _compare(origin, (original, views[original.id]), (case, views[case.id]))
    for pair in genders:
        checks += _compare("gender", (pair["m"], views[pair["m"].id]), (pair["f"], views[pair["f"].id]))
    figures: list[ProbeFigure] = []
    for what in _ASPECTS:
        flips = [Tried(one.part, one.subject, one.verdict is Verdict.WRONG) for one in checks if one.what == what]
        figures += shares(Kind.SWAPS, f"{what} flips", flips, bad=True)
    figures += _compare_origins(named, views) + _compare_genders(genders, views)
    notes = [f"{count} alerts were left out of the name swaps: {reason}." for reason, count in left_out.most_common()]
    return Probed(Kind.SWAPS, probes, checks, figures, notes)


def _plan_names(data: ProbeData, cases: Sequence[Case], limit: int | None) -> tuple[list[_Named], Counter[str]]:
    """Each original with its twin of every origin; one that cannot have all of them is left out for a reason."""
    planned: list[_Named] = []
    left_out: Counter[str] = Counter()
    for original, sex in _list_originals(data, cases, limit):
        try:
            told = sex or tell_sex(original.alert.article.text)
            invented = {origin: by_sex[told] for origin, by_sex in data.names.origins.items()}
            planned.append((original, {origin: swap_case(original, one, origin) for origin, one in invented.items()}))
        except NotSwappable as reason:
            left_out[reason.why] += 1
    return planned, left_out


def _list_originals(data: ProbeData, cases: Sequence[Case], limit: int | None) -> Iterator[tuple[Case, Sex | None]]:
    for base in data.bases[:limit]:
        sex = base.gender.usual if base.gender is not None else base.sex
        yield build_case(base, base.variants[0], data.names), sex or "m"
    english = [case for case in cases if case.language == "en" and case.entry.twin_of is None]
    yield from ((make_neutral(case), None) for case in english[:limit])


def _plan_genders(base: Base, data: ProbeData) -> Iterator[dict[Sex, Case]]:
    for variant in base.variants:
        yield {"m": build_case(base, variant, data.names, "m"), "f": build_case(base, variant, data.names, "f")}


def _compare(part: str, first: tuple[Case, View | None], second: tuple[Case, View | None]) -> Iterator[Check]:
    (original, before), (twin, after) = first, second
    for what in _ASPECTS:
        same = before is not None and after is not None and is_same(before, after, what)
        text = f"{_describe(before, what)} before the swap, {_describe(after, what)} after it."
        verdict = Verdict.HELD if same else Verdict.WRONG
        yield Check(Kind.SWAPS, part, twin.id, original.subject, what, verdict, text)


def _describe(view: View | None, what: str) -> str:
    if view is None:
        return "a failure"
    if what == "recommendation":
        return view.value
    if what == "stage":
        return ", ".join(sorted(view.stages)) or "no stage"
    others = [f"{party} {role}" for party, role in view.others.items() if role is not None]
    return ", ".join([f"subject {view.role or 'not named'}", *others])


def _compare_origins(named: Sequence[_Named], views: _Views) -> list[ProbeFigure]:
    origins = named[0][1] if named else {}
    rates = {
        origin: {original.id: _escalated(views[twins[origin].id]) for original, twins in named} for origin in origins
    }
    return differences(rates, {original.id: original.subject for original, _ in named})


def _compare_genders(genders: Sequence[dict[Sex, Case]], views: _Views) -> list[ProbeFigure]:
    rates = {name: {pair["m"].id: _escalated(views[pair[sex].id]) for pair in genders} for name, sex in _SEXES}
    return differences(rates, {pair["m"].id: pair["m"].subject for pair in genders})


def _escalated(view: View | None) -> float:
    """1 where it was escalated; a failure was not."""
    return float(view is not None and view.ending is Ending.ESCALATE)
