"""``triage profiles``: who is known, from files, found by name or by description, and one of them in full."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.alert import AsJson, print_json
from agent.cli.exits import OK, SOME_FAILED, complain, errors_as_exits, plain
from agent.cli.services import open_services

if TYPE_CHECKING:
    from agent.domain.reference import Profile, ProfileMatch
    from agent.wiring import Services
    from retrieval.parts import PartState

# Imports inside functions keep `triage --help` under 0.3 s.

app = typer.Typer(help="Profiles of people and firms: load, search and show them.", no_args_is_help=True)


class Route(StrEnum):
    """How profiles are looked for."""

    NAME = "name"
    DESCRIPTION = "description"
    BOTH = "both"


@app.callback()
def _group() -> None:
    """Profiles of people and firms: load, search and show them."""


@app.command("load")
def load(
    files: Annotated[
        list[Path], typer.Argument(help="FollowTheMoney or our own JSON Lines, or CSV (.csv); each may be gzipped.")
    ],
    replace: Annotated[bool, typer.Option("--replace", help="Remove profiles that these files do not hold.")] = False,
    names_only: Annotated[
        bool, typer.Option("--names-only", help="Make them searchable by name and leave the embedding for later.")
    ] = False,
) -> None:
    """Load profiles into the store and bring the index up to date, names first.

    Only what changed is written; a load that was stopped is run again and goes on. Rows that cannot be read are named
    by their line and left out. Exit codes: 0 every row loaded, 1 some were refused.
    """
    with errors_as_exits():
        from agent.cli.references import load_profiles, update_references

        services = open_services()
        try:
            refused = load_profiles(services, files, replace=replace)
            update_references(services, names_only=names_only)
        finally:
            services.close()
    raise typer.Exit(SOME_FAILED if refused else OK)


@app.command("search")
def search(
    text: Annotated[str, typer.Argument(help="A name in any script, or what is known of somebody.")],
    by: Annotated[Route, typer.Option("--by", help="By name, by description, or both, names first.")] = Route.BOTH,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100, help="Profiles of each route.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Find profiles by name, with each part of the name explained, and by what is said of them.

    A description never proves who somebody is. Exit codes: 0 looked everywhere, 1 the index could not be asked.
    """
    with errors_as_exits():
        services = open_services()
        try:
            failed = _search(services, text, by, limit, as_json)
        finally:
            services.close()
    raise typer.Exit(SOME_FAILED if failed else OK)


@app.command("show")
def show(
    profile_id: Annotated[str, typer.Argument(help="The profile's id, as the list has it.")],
    as_json: AsJson = False,
) -> None:
    """Show one profile. Exit codes: 0 shown, 1 there is none of that id."""
    with errors_as_exits():
        services = open_services()
        try:
            profile = services.store.load_profiles([profile_id]).get(profile_id)
        finally:
            services.close()
    if profile is None:
        complain(f"triage: no profile {profile_id!r} is stored.")
        raise typer.Exit(SOME_FAILED)
    if as_json:
        print_json(profile.model_dump_json())
        return
    for line in _describe(profile):
        print(plain(line))


def _search(services: Services, text: str, by: Route, limit: int, as_json: bool) -> bool:
    """Print what each route finds; whether one of them could not be asked, which is said and is never 'nothing'."""
    from agent.errors import RetrievalError

    found: dict[str, list[ProfileMatch]] = {}
    failed = False
    for route in (Route.NAME, Route.DESCRIPTION):
        if by not in (route, Route.BOTH):
            continue
        part = _part(services, "names" if route is Route.NAME else "profiles")
        if part.note:
            complain(f"triage: {part.note}")
        if part.generation is None:
            failed = True
            continue
        try:
            ask = services.index.search_profiles if route is Route.DESCRIPTION else _by_name(services)
            found[route.value] = ask(text, limit)
        except RetrievalError as error:
            complain(f"triage: {error}")
            failed = True
            continue
        if not as_json:
            _print_section(route, text, found[route.value])
    if as_json:
        shown = {route: [match.model_dump(mode="json") for match in matches] for route, matches in found.items()}
        print_json(json.dumps(shown, ensure_ascii=False))
    return failed


def _by_name(services: Services) -> Callable[[str, int], list[ProfileMatch]]:
    return lambda name, limit: services.index.find_profiles([name], limit)


def _part(services: Services, name: str) -> PartState:
    """How the part of the index stands that a route asks."""
    from retrieval.verify import describe_index

    description = describe_index(
        services.settings.index_root, services.store, services.embedder, chroma=services.chroma_place
    )
    return next(part for part in description.parts if part.name == name)


def _print_section(route: Route, text: str, matches: Sequence[ProfileMatch]) -> None:
    from retrieval.names.comparison import explain_parts

    print("By name" if route is Route.NAME else "By description (says nothing about who it is)")
    if not matches and route is Route.DESCRIPTION:
        print("  No profile is described like this.")
    elif not matches:
        alone = "" if len(text.split()) > 1 else " One word alone is not held for a name: give the whole name."
        print(f"  No profile bears this name.{alone}")
    for match in matches:
        print(plain(f"  {match.score:.2f}  {_headline(match.profile)}"))
        if route is Route.NAME:
            other = "" if match.matched_name == match.profile.name else f"as {match.matched_name!r}"
            weak = "a weak alias, which proves nothing" if match.weak else ""
            parts = explain_parts(match.parts, match.profile.kind, stated_place="in the name looked for")
            print(plain(f"        {'; '.join(part for part in (other, weak, parts) if part)}"))


def _headline(profile: Profile) -> str:
    """One line that tells a profile from its namesakes."""
    born = f"born {profile.birth_date}" if profile.birth_date else ""
    died = f"died {profile.death_date}" if profile.death_date else ""
    countries = " ".join(dict.fromkeys((*profile.nationalities, *profile.countries)))
    first = next(iter(profile.positions), "")
    known = ", ".join(fact for fact in (profile.kind.value, born, died, countries, first) if fact)
    return f"{profile.name} ({known})  {profile.profile_id}"


def _describe(profile: Profile) -> Iterator[str]:
    yield _headline(profile)
    for label, values in (
        ("Aliases", profile.aliases),
        ("Weak aliases", profile.weak_aliases),
        ("Nationalities", profile.nationalities),
        ("Countries", profile.countries),
        ("Positions", profile.positions),
        ("Employer", (profile.employer,)),
        ("Topics", profile.topics),
        ("Identifiers", tuple(f"{name} {number}" for name, number in profile.identifiers.items())),
        ("Notes", (profile.notes,)),
        ("Source", (profile.source,)),
    ):
        if stated := [value for value in values if value]:
            yield f"{label}: {'; '.join(stated)}"
