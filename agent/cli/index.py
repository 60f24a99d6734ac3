"""``triage index``: the reference index built from the store, looked over, and described."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.alert import AsJson, print_json
from agent.cli.exits import OK, SOME_FAILED, complain, errors_as_exits, plain
from agent.cli.services import open_services

if TYPE_CHECKING:
    from collections.abc import Iterator

    from retrieval.parts import PartState
    from retrieval.verify import IndexDescription

# Imports inside functions keep `triage --help` under 0.3 s.

app = typer.Typer(help="Build, verify and describe the reference index.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Build, verify and describe the reference index."""


@app.command("build")
def build(
    force: Annotated[bool, typer.Option("--force", help="Build everything anew, even what is up to date.")] = False,
    names_only: Annotated[
        bool, typer.Option("--names-only", help="Make profiles searchable by name and embed nothing.")
    ] = False,
) -> None:
    """Bring the index to what the store holds: names first, then profiles and precedents by meaning.

    A build that was stopped goes on where it was. Exit codes: 0 built, 1 it could not be.
    """
    with errors_as_exits():
        from agent.cli.references import update_references

        services = open_services()
        try:
            update_references(services, force=force, names_only=names_only)
        finally:
            services.close()


@app.command("verify")
def verify() -> None:
    """Compare the whole index with the store. Exit codes: 0 it is whole and up to date, 1 it is not."""
    with errors_as_exits():
        from retrieval.verify import verify_index

        services = open_services()
        try:
            faults = verify_index(
                services.settings.index_root, services.store, services.embedder, chroma=services.chroma_place
            )
        finally:
            services.close()
    for fault in faults:
        complain(f"triage: {fault}")
    if not faults:
        print("The index is whole: it holds what the store holds, and finds it.")
    raise typer.Exit(SOME_FAILED if faults else OK)


@app.command("stats")
def stats(as_json: AsJson = False) -> None:
    """Say what the index holds, how new it is and how large. Exit codes: 0 all parts can be read, 1 one cannot."""
    with errors_as_exits():
        from retrieval.verify import describe_index

        services = open_services()
        try:
            description = describe_index(
                services.settings.index_root, services.store, services.embedder, chroma=services.chroma_place
            )
        finally:
            services.close()
    if as_json:
        print_json(_to_json(description))
    else:
        for line in _describe(description):
            print(plain(line))
    raise typer.Exit(SOME_FAILED if any(part.fault for part in description.parts) else OK)


def _to_json(description: IndexDescription) -> str:
    import json
    from dataclasses import asdict

    parts = [asdict(part) | {"stale": part.stale, "note": part.note} for part in description.parts]
    shown = {"parts": parts, "sizes": dict(description.sizes), "size_bytes": description.size_bytes}
    return json.dumps(shown, default=str)


def _describe(description: IndexDescription) -> Iterator[str]:
    for part in description.parts:
        yield f"{part.name}: {_state(part)}"
        for key, value in (("at", part.place), ("embedder", part.embedder), ("note", part.note)):
            if value:
                yield f"  {key}: {value}"
    sizes = ", ".join(f"{name} {size / 1e6:,.1f}" for name, size in description.sizes.items() if size)
    yield f"On disk: {description.size_bytes / 1e6:,.1f} MB ({sizes or 'nothing'})"


def _state(part: PartState) -> str:
    if part.generation is None:
        return "cannot be read" if part.fault else "not built yet"
    counts = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in part.counts.items())
    built = f", built {part.built_at:%Y-%m-%d %H:%M}" if part.built_at else ""
    age = "behind the store" if part.stale else "up to date"
    return f"{counts}; generation {part.generation} of {part.stored}, {age}{built}"
