"""``triage eval compare``, ``gate``, ``bless`` and ``diff``: two runs held against each other."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.exits import CONFIG, complain, errors_as_exits, plain

if TYPE_CHECKING:
    from evals.comparison.comparison import Comparison
    from evals.comparison.rules import Gates
    from evals.comparison.scored import ScoredRun

# Imports inside functions keep `triage --help` under 0.3 s.

_NARROW = 100
"""Terminals of fewer columns get a unified diff in place of two columns."""

First = Annotated[
    str, typer.Argument(metavar="A", help="The run compared with: a baseline, a run's id, a folder, latest.")
]
Second = Annotated[str, typer.Argument(metavar="B", help="The run in question, named in the same ways.")]
CaseFolder = Annotated[
    Path | None,
    typer.Option("--cases", help="A folder with cases/, profiles/, baselines/ … in place of the shipped one."),
]
GateFile = Annotated[Path | None, typer.Option("--gates", help="A gate file in place of the shipped one.")]
RuleName = Annotated[str | None, typer.Option("--rules", help="A named set of rules of the gate file.")]


def compare(
    base: First,
    new: Second,
    common: Annotated[
        bool, typer.Option("--common", help="Compare what both hold, and name what is left out, where sets differ.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    texts: Annotated[
        bool, typer.Option("--texts", help="With each changed case, what the drafts say otherwise.")
    ] = False,
    cases: CaseFolder = None,
    gates: GateFile = None,
    rules: RuleName = None,
) -> None:
    """Say what changed from run A to run B, case by case, and whether B is shown to be no worse.

    Exits with 0 (PASS), 1 (FAIL) or 2 (UNDERPOWERED: this set of cases cannot tell).
    """
    with errors_as_exits():
        from evals.comparison.scored import compare_runs, describe_differences

        chosen = _load_gates(gates).choose(rules, baseline=base)
        first, second = _score_runs((base, new), cases)
        comparison = compare_runs(first, second, chosen, common=common)
        differing = tuple(describe_differences(first.run, second.run))
    changes = _texts(comparison, first, second) if texts else {}
    if as_json:
        _print_json(comparison, first, second, differing, changes)
    else:
        _print_comparison(comparison, first, second, differing, changes)
    raise typer.Exit(comparison.verdict.exit_code)


def gate(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run in question: its id, a folder, or latest.")],
    baseline: Annotated[str, typer.Option("--baseline", help="The blessed run to hold it against.")],
    junit: Annotated[
        Path | None, typer.Option("--junit", help="Also write the checks as JUnit XML to this file.")
    ] = None,
    cases: CaseFolder = None,
    gates: GateFile = None,
    rules: RuleName = None,
) -> None:
    """Check a run against the floors and against a baseline.

    Exits with 0 (PASS), 1 (FAIL) or 2 (UNDERPOWERED: this set of cases cannot tell).
    """
    with errors_as_exits():
        from evals.comparison.gate import judge_gate
        from evals.comparison.junit import render_gate_junit
        from evals.comparison.wording import word_gate

        loaded = _load_gates(gates)
        chosen, required = loaded.choose(rules, baseline=baseline), loaded.baselines.get(baseline)
        base, new = _score_runs((baseline, run), cases)
        report = judge_gate(new, base, chosen, required)
    _print_lines(word_gate(report))
    if junit is not None:
        _write(junit, render_gate_junit(report))
    raise typer.Exit(report.verdict.exit_code)


def bless(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run to keep: its id, a folder, or latest.")],
    name: Annotated[str, typer.Option("--as", metavar="NAME", help="What the baseline is called.")],
    why: Annotated[str, typer.Option("--why", help="Why this run; kept in the history.")] = "",
    force: Annotated[
        bool, typer.Option("--force", help="Bless a run that breaks a floor; needs the reason in --why.")
    ] = False,
    cases: CaseFolder = None,
    gates: GateFile = None,
    rules: RuleName = None,
) -> None:
    """Keep a run as the baseline NAME, and add its figures to the public history."""
    with errors_as_exits():
        from datetime import UTC, datetime

        from evals.cases.files import SHIPPED
        from evals.comparison.baselines import bless_run

        chosen = _load_gates(gates).choose(rules, baseline=name)
        (scored,) = _score_runs((run,), cases)
        today = datetime.now(UTC).date()
        blessing = bless_run(scored, name, chosen, today=today, why=why, force=force, root=cases or SHIPPED)
    entry = blessing.entry
    print(
        plain(
            f"{'Replaced' if blessing.replaced else 'Made'} baseline {name} from run {scored.label}: {blessing.folder}"
        )
    )
    print(f"History: {len(entry.figures)} figures of {entry.cases} cases, dated {entry.date}.")
    if entry.comparable is False:
        print("The cases differ from those of the entry before: the history marks the two as not comparable.")
    if entry.broken:
        print(f"Blessed in spite of: {', '.join(entry.broken)}.")


def diff(
    base: First,
    new: Second,
    case_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[CASE]…", help="Cases; all whose drafts differ if none.")
    ] = None,
    unified: Annotated[bool, typer.Option("--unified", "-u", help="One column with - and +, as in a patch.")] = False,
    epoch: Annotated[int, typer.Option("--epoch", min=1, help="Which repeat of the cases.")] = 1,
    cases: CaseFolder = None,
) -> None:
    """Show side by side what two runs drafted: claims with stage, quotes, counter-evidence, reasons.

    Cases of calibration and holdout are never shown.
    """
    with errors_as_exits():
        from evals.cases.case import TOLD_SPLITS, Split
        from evals.cases.files import SHIPPED, load_cases
        from evals.comparison.drafts import diff_drafts, pair_outcomes, place_side_by_side
        from evals.running.runs import read_run

        hidden = frozenset(load_cases(cases or SHIPPED, set(Split) - TOLD_SPLITS).by_id())
        first, second = (read_run(_find(name, cases)) for name in (base, new))
        pairs = pair_outcomes(first, second, case_ids or (), epoch, hidden=hidden)
    width = shutil.get_terminal_size((160, 24)).columns
    differing = 0
    for case_id, before, after in pairs:
        changes = diff_drafts(before, after)
        differing += bool(changes)
        if changes or case_ids:
            print(plain(f"== {case_id}{'' if changes else ': the same'}"))
            narrow = unified or width < _NARROW
            _print_lines(changes if narrow or not changes else place_side_by_side(before, after, width))
    print(f"{differing} of {len(pairs)} drafts differ.")


def _find(name: str, root: Path | None) -> Path:
    from agent.settings import load_settings
    from evals.cases.files import SHIPPED
    from evals.comparison.baselines import BASELINES
    from evals.running.folders import find_run

    return find_run(load_settings().settings.home, name, baselines=(root or SHIPPED) / BASELINES)


def _load_gates(path: Path | None) -> Gates:
    from importlib.util import find_spec

    from agent.errors import ConfigError

    if find_spec("scipy") is None:
        raise ConfigError("Runs are compared with scipy: install 'adverse-media-triage[evals]'.")
    from evals.comparison.rules import GATES, load_gates

    return load_gates(path or GATES)


def _score_runs(names: Iterable[str], folder: Path | None) -> tuple[ScoredRun, ...]:
    from evals.cases.files import SHIPPED, load_cases
    from evals.cases.references import load_references
    from evals.comparison.scored import score_folder
    from evals.scoring.options import make_options

    root = folder or SHIPPED
    cases, options = load_cases(root).by_id(), make_options(load_references(root))
    return tuple(score_folder(_find(name, folder), cases, options, label=name) for name in names)


def _texts(comparison: Comparison, first: ScoredRun, second: ScoredRun) -> dict[str, list[str]]:
    """What the drafts of each changed case say otherwise, where its texts may be shown."""
    from evals.cases.case import TOLD_SPLITS
    from evals.comparison.drafts import diff_changes

    told = [flip.case_id for flip in comparison.flips if flip.split in TOLD_SPLITS]
    return {case_id: diff_changes(first.run, second.run, case_id) for case_id in told}


def _print_comparison(
    comparison: Comparison,
    first: ScoredRun,
    second: ScoredRun,
    differing: Iterable[str],
    changes: dict[str, list[str]],
) -> None:
    from evals.comparison.wording import word_comparison, word_flips

    for letter, run in (("A", first), ("B", second)):
        print(
            plain(
                f"{letter}  {run.label}: {run.run.name}, {len(run.run.samples)} samples, run {run.run.manifest.run_id}"
            )
        )
    _print_lines(f"   {line}" for line in differing)
    _print_lines(word_comparison(comparison))
    print()
    for flip, line in word_flips(comparison):
        print(plain(line))
        if flip is not None:
            _print_lines(f"      {change}" for change in changes.get(flip.case_id, ()))


def _print_json(
    comparison: Comparison,
    first: ScoredRun,
    second: ScoredRun,
    differing: Iterable[str],
    changes: dict[str, list[str]],
) -> None:
    from evals.comparison.comparison import comparison_as_json

    content = {
        "base": first.run.manifest.model_dump(mode="json"),
        "new": second.run.manifest.model_dump(mode="json"),
        "differences": list(differing),
        **comparison_as_json(comparison),
        "texts": changes,
    }
    json.dump(content, sys.stdout, ensure_ascii=False, allow_nan=False, indent=2)
    print()


def _print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        print(plain(line))


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        complain(f"triage: {path} cannot be written: {error.strerror}.")
        raise typer.Exit(CONFIG) from None
