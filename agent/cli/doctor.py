"""``triage doctor``: what is configured, from where, what works and what is missing, each fault with its cure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.exits import CONFIG, OK, errors_as_exits, plain

if TYPE_CHECKING:
    from agent.settings import LoadedSettings
    from agent.wiring import Services

# Imports inside functions keep `triage --help` under 0.3 s.


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: ``ok``, ``note`` (works with less) or ``fault`` (must be mended)."""

    name: str
    state: str
    message: str


def doctor(
    online: Annotated[bool, typer.Option("--online", help="Also ask the model's endpoint whether it answers.")] = False,
) -> None:
    """Show every setting with its origin, and check prompts, policy, database, index, reader and model.

    Nothing leaves this machine unless --online is given. Exit codes: 0 all well, 4 something must be mended.
    """
    with errors_as_exits():
        from agent.settings import load_settings
        from agent.wiring import Services, code_version

        loaded = load_settings()
        print(f"triage {code_version()}\n")
        for line in describe_settings(loaded):
            print(plain(line))
        services = Services(loaded.settings)
        print()
        try:
            checks = [*run_checks(services), *([check_endpoint(services)] if online else [])]
        finally:
            services.close()
        for check in checks:
            print(plain(f"{check.state:<6}{check.name:<10}{check.message}"))
    raise typer.Exit(CONFIG if any(check.state == "fault" for check in checks) else OK)


def describe_settings(loaded: LoadedSettings) -> list[str]:
    """One line a setting: name, value (secrets masked), origin."""
    from agent.settings import PROVIDER_KEYS, provider_key

    settings, origins = loaded.settings, dict(loaded.origins)
    keys = {
        "api_key": settings.api_key,
        "embedder_api_key": settings.embedder_api_key,
        "secret": settings.secret,
    }
    if settings.api_key is None and settings.model is not None and settings.base_url is None:
        keys["api_key"] = provider_key(settings.model)
        if keys["api_key"] is not None:
            origins["api_key"] = PROVIDER_KEYS[settings.model.partition(":")[0]]
    lines = []
    for name in type(settings).model_fields:
        value = keys[name] if name in keys else getattr(settings, name)
        shown = "not set" if value is None else "set (hidden)" if name in keys else mask_address(str(value))
        lines.append(f"{name:<20}{shown}  [{origins[name]}]")
    return lines


def mask_address(text: str) -> str:
    """An address without the password that may stand in it."""
    return re.sub(r"(?<=://)([^/@\s:]*):[^/@\s]*@", r"\1:(hidden)@", text)


def run_checks(services: Services) -> list[Check]:
    """Every local check, in the order of the spine; none stops the next."""
    return [
        _check("policy", lambda: f"valid, {services.policy.hash[:19]}"),
        _check("prompts", lambda: ", ".join(prompt.reference for prompt in services.prompts.list())),
        _check("database", lambda: _describe_store(services)),
        _check("embedder", lambda: services.embedder.describe()),
        _check_index(services),
        _check("reader", lambda: _describe_reader(services)),
        _check_model(services),
    ]


def _check(name: str, look: Callable[[], str]) -> Check:
    from agent.errors import TriageError

    try:
        return Check(name, "ok", look())
    except TriageError as error:
        return Check(name, "fault", str(error))


def _describe_store(services: Services) -> str:
    store, where = services.store, mask_address(services.settings.store_url)
    return f"{where}: {store.count_profiles()} profiles, {store.count_precedents()} precedents"


def _check_index(services: Services) -> Check:
    from agent.errors import RetrievalError, StoreError

    try:
        notes = services.index.notes
    except (RetrievalError, StoreError) as error:
        return Check("index", "fault", str(error))
    return Check("index", "note" if notes else "ok", " ".join(notes) or str(services.settings.index_root))


def _describe_reader(services: Services) -> str:
    from agent.reading.lexicon import LANGUAGES

    services.reader.warm()
    return f"reads {', '.join(sorted(LANGUAGES))}"


def _check_model(services: Services) -> Check:
    from agent.errors import TriageError

    if services.settings.model is None:
        return Check("model", "note", "none set: drafts are extractive. Set TRIAGE_MODEL=provider:name to use one.")
    try:
        client = services.client
    except TriageError as error:
        return Check("model", "fault", str(error))
    where = client.spec.endpoint or "the provider's own address"
    return Check("model", "ok", f"{client.spec.name} at {where} (not asked; --online asks it)")


def check_endpoint(services: Services) -> Check:
    """Ask the endpoint one tiny question through the same client a draft uses."""
    import asyncio

    from langchain_core.messages import HumanMessage

    from agent.errors import TriageError

    if services.settings.model is None:
        return Check("endpoint", "note", "no model is set: nothing to ask.")
    schema = {
        "type": "object",
        "title": "Answer",
        "properties": {"ok": {"type": "boolean"}},
        "required": ["ok"],
        "additionalProperties": False,
    }
    try:
        reply = asyncio.run(services.client.ask([HumanMessage('Reply with {"ok": true}.')], schema))
    except TriageError as error:
        named = "TRIAGE_" in str(error)
        where = services.client.spec.endpoint or "the provider's own address"
        hint = "" if named else f" It was asked at {where}: check TRIAGE_BASE_URL, TRIAGE_MODEL and the network."
        return Check("endpoint", "fault", f"{error}{hint}")
    return Check("endpoint", "ok", f"answered as {reply.model} in {reply.latency_ms} ms")
