"""``triage eval cases from-decisions``: draft cases from what people decided otherwise than the machine recommended."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.exits import OK, SOME_FAILED, USAGE, complain, errors_as_exits, plain
from agent.cli.services import open_services

if TYPE_CHECKING:
    from evals.cases.desk.from_decisions import DraftCase

# Imports inside functions keep `triage --help` under 0.3 s.


def from_decisions(
    since: Annotated[
        str | None, typer.Option("--since", metavar="DATE", help="Only decisions approved on this day (UTC) or later.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="CODE", help="Only decisions with this reason code.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the cases to this new file in place of standard output.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Decisions that agree with the machine, or where it left the choice, too.")
    ] = False,
    profiles: Annotated[
        Path | None,
        typer.Option("--profiles", help="Also write the profiles of these cases, pseudonymised, to this new file."),
    ] = None,
) -> None:
    """Turn overrides that two people stand behind into draft cases, pseudonymised, for a person to review.

    This is pseudonymisation, not anonymisation: names, numbers, addresses and birth dates are replaced, but places,
    dates and deeds stay, and so does a name that neither alert, reader, record nor reference lists. A person must read
    every case before it leaves the bank. A case in which a known name survives is refused and the name is said.

    What the decision proves becomes gold (truth, recommendations, identity); what only the machine drafted stands
    beside it as a comment, and is not scored. Exit codes: 0 every chosen decision became a draft, 1 some were refused.
    """
    day = _read_day(since)
    for path in (out, profiles):
        if path is not None and path.exists():
            complain(f"triage: {path} already exists, and may have been reviewed. Name a new file.")
            raise typer.Exit(USAGE)
    with errors_as_exits():
        from evals.cases.desk.file import render_drafts
        from evals.cases.desk.from_decisions import DraftCase, Selection, draft_cases

        services = open_services("none")
        try:
            selection = Selection(since=day, reason_code=reason, every=every)
            made = list(draft_cases(services.store, services.reader, services.fence_secret, selection))
        finally:
            services.close()
    drafts = [one for one in made if isinstance(one, DraftCase)]
    refused = [one for one in made if not isinstance(one, DraftCase)]
    text = render_drafts(drafts)
    if out is None:
        typer.echo(text.encode("utf-8"), nl=False)
    else:
        _write_new(out, text)
    if profiles is not None:
        _write_new(profiles, _profile_lines(drafts))
    for one in refused:
        complain(plain(f"decision {one.decision_id}: no case: {one.why}"))
    complain(
        f"{len(drafts)} draft cases, {len(refused)} refused. Not reviewed: read every word before they leave the bank."
    )
    raise typer.Exit(SOME_FAILED if refused else OK)


def _profile_lines(drafts: list[DraftCase]) -> str:
    entries = [profile for draft in drafts for profile in draft.profiles]
    return "".join(f"{profile.model_dump_json(exclude_defaults=True)}\n" for profile in entries)


def _write_new(path: Path, text: str) -> None:
    """A file only its owner may read: people can still be told from it."""
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text, encoding="utf-8")


def _read_day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        complain(f"triage: --since {text!r} is not a day such as 2026-03-01.")
        raise typer.Exit(USAGE) from None
