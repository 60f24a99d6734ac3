"""``triage eval`` and its commands."""

from __future__ import annotations

import typer

from agent.cli.evals import cases, comparison, from_decisions, judge, outside, probes, report, running

app = typer.Typer(
    help="Run cases through drafters, score what comes out, compare runs, and gate on the difference.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.command("run")(running.run)
app.command("runs")(running.list_runs)
app.command("score")(report.score)
app.command("report")(report.report)
app.command("compare")(comparison.compare)
app.command("diff")(comparison.diff)
app.command("gate")(comparison.gate)
app.command("bless")(comparison.bless)
app.command("view")(running.view)
app.command("probe")(probes.probe)
app.command("outside")(outside.outside)
app.command("label")(judge.label)
app.command("judge")(judge.judge)
cases.app.command("from-decisions")(from_decisions.from_decisions)
app.add_typer(cases.app, name="cases")
