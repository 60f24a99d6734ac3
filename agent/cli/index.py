"""``triage index``: profiles and precedents from files into the store, and from the store into the reference index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from agent.cli.exits import OK, SOME_FAILED, complain, errors_as_exits

if TYPE_CHECKING:
    from agent.store.references import SavedReferences
    from agent.wiring import Services
    from retrieval.files import RowProblem

Row = TypeVar("Row")

# Imports inside functions keep `triage --help` under 0.3 s.

app = typer.Typer(help="Build the reference index of profiles and precedents.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Build the reference index of profiles and precedents."""


@app.command("build")
def build(
    profiles: Annotated[
        list[Path] | None, typer.Option("--profiles", help="FollowTheMoney JSON Lines to load first; repeatable.")
    ] = None,
    precedents: Annotated[
        list[Path] | None, typer.Option("--precedents", help="Past decisions (JSON Lines) to load first; repeatable.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Build even when the index is up to date.")] = False,
) -> None:
    """Build the index from the store, after loading any files given. Bad rows are named and skipped (exit code 1)."""
    with errors_as_exits():
        from agent.settings import load_settings
        from agent.wiring import Services

        services = Services(load_settings().settings)
        try:
            problems = load_references(services, profiles or [], precedents or [], force=force)
        finally:
            services.close()
    raise typer.Exit(SOME_FAILED if problems else OK)


def load_references(
    services: Services,
    profiles: Sequence[Path],
    precedents: Sequence[Path],
    *,
    replace: bool = False,
    force: bool = False,
) -> int:
    """Load files into the store and bring the index up to date; returns how many rows were refused.

    With ``replace`` the store holds exactly these files' rows afterwards.
    """
    from retrieval.files import read_precedents, read_profiles

    store = services.store
    refused = _Refusals()
    if profiles:
        people = refused.pass_by(row for path in profiles for row in read_profiles(path))
        complain(f"Profiles: {_counts(store.save_profiles(people, replace=replace))}.")
    if precedents:
        cases = refused.pass_by(row for path in precedents for row in read_precedents(path))
        complain(f"Precedents: {_counts(store.save_precedents(cases, replace=replace))}.")
    _bring_up_to_date(services, force)
    return refused.count


class _Refusals:
    """Names every row that cannot be loaded, and counts them."""

    def __init__(self) -> None:
        self.count = 0

    def pass_by(self, rows: Iterable[Row | RowProblem]) -> Iterator[Row]:
        """The rows that can be loaded; what is wrong with others goes to standard error."""
        from retrieval.files import RowProblem

        for row in rows:
            if isinstance(row, RowProblem):
                self.count += not row.kept
                complain(f"triage: {row}")
            else:
                yield row


def _counts(saved: SavedReferences) -> str:
    return f"{saved.inserted} new, {saved.updated} changed, {saved.unchanged} unchanged, {saved.deleted} removed"


def _bring_up_to_date(services: Services, force: bool) -> None:
    from retrieval.ingest import build_index

    store, root, embedder = services.store, services.settings.index_root, services.embedder
    generation = store.reference_generation()
    if not force and _is_current(root, generation, embedder.fingerprint):
        complain("The reference index is up to date.")
        return
    report = build_index(root, store.iter_profiles(), store.iter_precedents(), embedder, generation)
    held = ", ".join(f"{count} {name}" for name, count in sorted(report.counts.items()))
    complain(f"Reference index built in {report.seconds:.1f} s: {held}.")


def _is_current(root: Path, generation: int, fingerprint: str) -> bool:
    from agent.errors import RetrievalError
    from retrieval.layout import current_build, read_manifest

    try:
        folder = current_build(root)
        manifest = read_manifest(folder, Manifest) if folder is not None else None
    except RetrievalError:
        return False  # damaged: building anew is the cure
    return manifest is not None and (manifest.generation, manifest.fingerprint) == (generation, fingerprint)
