"""``triage prompt``: list, render, lock and compare the prompts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.exits import SOME_FAILED, USAGE, complain, errors_as_exits, plain

if TYPE_CHECKING:
    from prompts.library import PromptLibrary

# Imports inside functions keep `triage --help` under 0.3 s.

app = typer.Typer(help="List, render, lock and compare the prompts.", no_args_is_help=True)


def _library() -> PromptLibrary:
    from agent.settings import load_settings
    from agent.wiring import load_prompts

    return load_prompts(load_settings().settings)


@app.command("list")
def list_prompts() -> None:
    """Every prompt: reference, purpose, and whether the lock agrees."""
    with errors_as_exits():
        from agent.errors import PromptDrift

        library = _library()
        try:
            library.check_lock()
            state = "locked"
        except PromptDrift as error:
            state = f"NOT LOCKED: {error}"
        for prompt in library.list():
            print(f"{prompt.reference}\n    {prompt.front.purpose}")
        print(state)


@app.command("render")
def render(
    file: Annotated[str, typer.Argument(help="A file with the alert to render the prompt for; - is standard input.")],
    model: Annotated[str | None, typer.Option("--model", "-m", help="provider:name, for the cost estimate.")] = None,
) -> None:
    """Print exactly what a draft of a file's first alert would send, and about what it would cost; send nothing."""
    with errors_as_exits():
        from agent.domain.record import TriageFailure
        from agent.intake.files import read_alerts
        from agent.settings import load_settings
        from agent.triage.draft_prompt import render_for_display
        from agent.wiring import Services

        settings = load_settings().settings
        given = next(iter(read_alerts([file], stdin=sys.stdin.buffer)), None)
        if given is None or isinstance(given, TriageFailure):
            complain(f"triage: {given.failure.message if given else f'{file} holds no alert.'}")
            raise typer.Exit(SOME_FAILED)
        services = Services(settings.model_copy(update={"model": None}))
        try:
            rendered = render_for_display(
                services.pipeline.prepare(given),
                services.prompts,
                secret=services.fence_secret,
                max_input_tokens=settings.max_input_tokens,
                prices=services.prices,
                model=model or settings.model,
            )
        finally:
            services.close()
    for number, messages in enumerate(rendered.calls, start=1):
        for message in messages:
            print(f"--- call {number}, {message.type} ---\n{plain(message.text)}")
    cost = (
        "no price is known for the model" if rendered.cost_estimate is None else f"about ${rendered.cost_estimate:.4f}"
    )
    print(
        f"--- {rendered.prompt}: {len(rendered.calls)} call(s), about {rendered.tokens_estimate} input tokens, "
        f"{cost} ---"
    )


@app.command("lock")
def lock() -> None:
    """Write the hashes of new prompt versions to LOCK.json; a changed text under an old version is refused."""
    with errors_as_exits():
        added = _library().lock()
        print("\n".join(f"locked {reference}" for reference in added) or "Nothing new to lock.")


@app.command("diff")
def diff(
    name: Annotated[str, typer.Argument(help="The prompt's name, for instance summary.")],
    old: Annotated[int, typer.Argument(help="The older version.")],
    new: Annotated[int, typer.Argument(help="The newer version.")],
) -> None:
    """Show what changed between two versions of a prompt."""
    if old < 1 or new < 1:
        complain("triage: versions are numbers from 1 up.")
        raise typer.Exit(USAGE)
    with errors_as_exits():
        print(_library().diff(name, old, new) or "No difference.")
