"""The report of probes: plain lines for the terminal, one JSON file with everything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from evals.probes.checks import Check, Verdict
from evals.probes.figures import ProbeFigure
from evals.probes.probed import Probed

_MOST_REMARKS: Final = 15
"""Remarks of each kind on the terminal; the file has all."""


def render_lines(probed: Probed, drafter: str) -> Iterator[str]:
    """A kind's figures and its worst remarks, readable at 120 columns."""
    yield f"{probed.kind}  {drafter}  {len(probed.cases)} alerts, {len(probed.checks)} checks"
    for what in dict.fromkeys(figure.what for figure in probed.figures):
        yield f"\n  {what}"
        yield from (f"    {_line(figure)}" for figure in probed.figures if figure.what == what)
    for note in probed.notes:
        yield f"  {note}"
    wrong = [check for check in probed.checks if check.verdict is Verdict.WRONG]
    if wrong:
        yield f"\n  {len(wrong)} checks moved the wrong way"
    yield from (f"    {check.probe} · {check.what}: {check.text}" for check in wrong[:_MOST_REMARKS])
    if len(wrong) > _MOST_REMARKS:
        yield f"    and {len(wrong) - _MOST_REMARKS} more, in the file"


def build_document(probed: Sequence[Probed], drafter: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Everything as JSON: figures, every check that did not hold, and the alerts of those that were wrong."""
    return {
        "drafter": drafter,
        **facts,
        "kinds": [
            {
                "kind": one.kind,
                "alerts": len(one.cases),
                "checks": len(one.checks),
                "figures": [asdict(figure) for figure in one.figures],
                "notes": one.notes,
                "remarks": [_tell(check) for check in one.checks if check.verdict is not Verdict.HELD],
                "wrong_alerts": _alerts(one),
            }
            for one in probed
        ],
    }


def held_share(probed: Probed) -> float:
    """The share of the checks that held; 1 where there is none."""
    held = sum(check.verdict is Verdict.HELD for check in probed.checks)
    return held / len(probed.checks) if probed.checks else 1.0


def is_wrong(probed: Probed) -> bool:
    """Whether a check moved the wrong way."""
    return any(check.verdict is Verdict.WRONG for check in probed.checks)


def _line(figure: ProbeFigure) -> str:
    percent = f"{100 * figure.value + 0.0:5.1f} % [{100 * figure.low:.1f}, {100 * figure.high:.1f}]"
    ends = [f"at most {100 * figure.upper:.1f} %"] if figure.upper is not None else []
    ends += [f"p = {figure.p_value:.2g}"] if figure.p_value is not None else []
    size = f"{figure.units} tries, {figure.subjects} subjects"
    return f"{figure.part:<18} {percent:<26} {'  '.join([size, *ends])}"


def _tell(check: Check) -> dict[str, str]:
    named = {"probe": check.probe, "part": check.part, "what": check.what}
    return {**named, "verdict": check.verdict, "text": check.text}


def _alerts(probed: Probed) -> dict[str, Any]:
    """The alerts of the probes that were wrong, so that each can be looked at."""
    named = {check.probe for check in probed.checks if check.verdict is Verdict.WRONG}
    return {
        one: case.alert.model_dump(mode="json", exclude_defaults=True)
        for one, case in probed.cases.items()
        if one in named
    }
