"""``triage eval outside``: published data sets through the pipeline; it prints figures and ids, never a row's text."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.exits import OK, SOME_FAILED, complain, errors_as_exits, plain

if TYPE_CHECKING:
    from agent.cli.progress import Meter
    from agent.settings import Settings
    from evals.cases.case import Split
    from evals.cases.outside.figures import Measured

# Imports inside functions keep `triage --help` under 0.3 s.


def outside(
    sets: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SET]…",
            help="adverse_media, press_releases, muc4, name_pairs or injections; all whose files are there.",
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", envvar="TRIAGE_DATA_DIR", help="The folder of the data.", show_default=False),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="So many rows of each set, the same each time.")
    ] = None,
    split: Annotated[
        str, typer.Option("--split", help="holdout: set aside for figures; dev: what may be looked at.")
    ] = "holdout",
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="provider:name, `none` for the extractive drafter.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the figures and all ids to this file.")
    ] = None,
) -> None:
    """Run outside data through the pipeline and print figures with n and limits; no text of a row is kept or shown.

    Exit codes: 0 every row has a draft, 1 at least one failed (and is counted), 2 wrong usage, 4 wrong configuration.
    """
    with errors_as_exits():
        from agent.settings import load_settings
        from evals.cases.outside.report import render_lines
        from evals.cases.outside.rows import SPLITS
        from evals.cases.outside.sets import SETS, choose_sets

        if unknown := sorted(set(sets or ()) - set(SETS)):
            raise typer.BadParameter(f"there is no set {unknown[0]!r}; there are {', '.join(SETS)}.")
        if split not in SPLITS:
            raise typer.BadParameter(f"there is no part {split!r} of outside data; there are {', '.join(SPLITS)}.")
        if data is None:
            raise typer.BadParameter("give the folder of the outside data with --data or TRIAGE_DATA_DIR.")
        settings = load_settings().settings
        if model is not None:
            settings = settings.model_copy(update={"model": None if model.lower() == "none" else model})
        drafter = settings.model or "extractive"
        names = choose_sets(data, sets or ())
        for name in sorted(set(SETS) - set(names)) if not sets else ():
            complain(f"{name}: {SETS[name].file} is not in {data}; left out.")
        measured = []
        for one in _measure(settings, data, names, next(part for part in SPLITS if part == split), limit):
            measured.append(one)
            for line in render_lines(one, drafter):
                print(plain(line))
            print(flush=True)
        if json_file is not None:
            _write(json_file, measured, drafter, limit)
    raise typer.Exit(SOME_FAILED if any(one.failed for one in measured) else OK)


def _measure(settings: Settings, data: Path, names: list[str], split: Split, limit: int | None) -> Iterator[Measured]:
    from agent.cli.progress import Meter
    from evals.cases.outside.figures import Asked
    from evals.cases.outside.sets import SETS, open_runner

    for name in names:
        with Meter(name, "alerts") as meter, open_runner(settings, partial(_show, meter)) as run:
            measured = SETS[name].measure(data, Asked(split, limit, run))
        yield measured


def _show(meter: Meter, done: int, total: int) -> None:
    meter.show(done, done, total)


def _write(path: Path, measured: list[Measured], drafter: str, limit: int | None) -> None:
    import json
    from datetime import UTC, datetime

    from agent.wiring import code_version
    from evals.cases.outside.report import build_document

    facts = {"at": datetime.now(UTC).isoformat(), "code_version": code_version(), "limit": limit}
    document = build_document(measured, drafter, facts)
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
