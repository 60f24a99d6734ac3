"""The console script ``triage``: one file a noun, nothing heavy imported before a command needs it."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import Annotated

import typer

from agent.cli import alert, doctor, index, policy, precedents, profiles, prompt, schema
from agent.cli.evals import app as evals

app = typer.Typer(
    name="triage",
    help=(
        "Evidence-first triage of adverse-media alerts: every claim proven against the article's own words.\n\n"
        "Examples: `triage draft alert.txt`, `triage draft alerts.jsonl --json`, `triage show A-17`, `triage doctor`."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from agent.wiring import code_version  # reads package metadata: not for --help

        print(f"triage {code_version()}")
        raise typer.Exit


@app.callback()
def configure(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Options that stand before every command."""


app.command("draft")(alert.draft)
app.command("show")(alert.show)
app.command("demo")(alert.demo)
app.command("doctor")(doctor.doctor)
app.command("schema")(schema.schema)
app.add_typer(profiles.app, name="profiles")
app.add_typer(precedents.app, name="precedents")
app.add_typer(index.app, name="index")
app.add_typer(prompt.app, name="prompt")
app.add_typer(policy.app, name="policy")
app.add_typer(evals.app, name="eval")


def main() -> None:
    """Entry point of the console script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal that cannot show a letter gets its code, not a traceback
            stream.reconfigure(errors="backslashreplace")
    app()
