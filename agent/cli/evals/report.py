"""``triage eval report`` and ``score``: a run as files for people and build servers, and as a table at the terminal."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.exits import errors_as_exits, plain

if TYPE_CHECKING:
    from evals.comparison.gate import GateReport
    from evals.comparison.scored import ScoredRun

# Imports inside functions keep `triage --help` under 0.3 s.

RunName = Annotated[str, typer.Argument(metavar="[RUN]", help="A run's id, a folder, a baseline, or latest.")]
CaseFolder = Annotated[
    Path | None,
    typer.Option("--cases", help="A folder with cases/, profiles/, baselines/ … in place of the shipped one."),
]


def score(
    wanted: RunName = "latest",
    cases: CaseFolder = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Score a run against the gold as it stands now, and print its figures. Nothing is called, nothing is written."""
    with errors_as_exits():
        from evals.reporting.terminal import word_figures
        from evals.scoring.summary import summarise

        scored = _score_run(wanted, cases)
        figures = summarise(scored.scores)
    if as_json:
        from dataclasses import asdict

        content = {
            "run": scored.run.manifest.model_dump(mode="json"),
            "samples": len(scored.scores),
            "figures": [asdict(figure) for figure in figures],
        }
        json.dump(content, sys.stdout, ensure_ascii=False, allow_nan=False, indent=2)
        print()
        return
    for line in word_figures(scored.run, scored.scores, figures):
        print(plain(line))


def report(
    wanted: RunName = "latest",
    compare: Annotated[
        str | None, typer.Option("--compare", metavar="RUN", help="A run or baseline to hold it against.")
    ] = None,
    calibration: Annotated[
        str | None,
        typer.Option(
            "--calibration", metavar="RUN", help="A run of the same drafter that holds the calibration split."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="The folder to write to; reports/ beside the runs if none.")
    ] = None,
    worst: Annotated[int, typer.Option("--worst", min=0, max=100, help="How many of the worst cases to show.")] = 5,
    cases: CaseFolder = None,
) -> None:
    """Write a run's report: one HTML file, the same as Markdown, JUnit XML, and CSV of samples and figures.

    Of cases outside smoke and dev it holds ids and figures, no texts.
    """
    with errors_as_exits():
        from evals.cases.files import SHIPPED
        from evals.comparison.history import HISTORY, read_history
        from evals.reporting.building import build_report, check_calibration
        from evals.reporting.files import write_report

        scored = _score_run(wanted, cases)
        fitting = _score_run(calibration, cases) if calibration is not None else None
        if fitting is not None:
            check_calibration(scored.run, fitting.run)
        made = build_report(
            scored.run,
            scored.scores,
            scored.cases.by_id(),
            calibration=fitting.scores if fitting is not None else None,
            comparison=_judge(scored, compare, cases) if compare is not None else None,
            history=read_history((cases or SHIPPED) / HISTORY),
            worst=worst,
        )
        written = write_report(made, out or _home() / "evals" / "reports" / scored.run.manifest.run_id)
    if made.gate is not None:
        print(plain(f"{made.gate.verdict.value} against {made.gate.baseline}"))
    for path in written:
        print(plain(str(path)))


def _judge(scored: ScoredRun, baseline: str, root: Path | None) -> GateReport:
    """The run against another, as ``triage eval gate`` judges it."""
    from evals.comparison.gate import judge_gate
    from evals.comparison.rules import load_gates

    gates = load_gates()
    rules = gates.choose(baseline=baseline)
    return judge_gate(scored, _score_run(baseline, root), rules, gates.baselines.get(baseline))


def _score_run(name: str, root: Path | None) -> ScoredRun:
    from evals.cases.files import SHIPPED, load_cases
    from evals.cases.references import load_references
    from evals.comparison.baselines import BASELINES
    from evals.comparison.scored import score_folder
    from evals.running.folders import find_run
    from evals.scoring.options import make_options

    folder = find_run(_home(), name, baselines=(root or SHIPPED) / BASELINES)
    options = make_options(load_references(root or SHIPPED))
    return score_folder(folder, load_cases(root or SHIPPED).by_id(), options, label=name)


def _home() -> Path:
    from agent.settings import load_settings

    return load_settings().settings.home
