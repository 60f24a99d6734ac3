"""``triage eval run``, ``view`` and ``runs``: cases through drafters, inspect's viewer, and what was run so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.exits import OK, SOME_FAILED, STOPPED, USAGE, complain, errors_as_exits, plain

if TYPE_CHECKING:
    from agent.settings import Settings
    from evals.cases.files import CaseSet
    from evals.running.runner import Progress

# Imports inside functions keep `triage --help` under 0.3 s.

Prompts = Annotated[
    list[str] | None, typer.Option("--prompt", "-p", help="summary@4; the newest when not given. May be repeated.")
]
Models = Annotated[
    list[str] | None,
    typer.Option("--model", "-m", help="provider:name, `none` for the extractive drafter. May be repeated."),
]
Splits = Annotated[list[str] | None, typer.Option("--split", help="smoke, dev, calibration or holdout; dev.")]
Cases = Annotated[list[str] | None, typer.Option("--case", help="This case alone. May be repeated.")]
Epochs = Annotated[int, typer.Option("--epochs", min=1, max=100, help="How often each case is asked.")]
Concurrency = Annotated[
    int | None, typer.Option("--concurrency", min=1, max=1_000, help="Samples (without a model: processes) at a time.")
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="The first so many cases only.")]
OnlyFailing = Annotated[
    str | None, typer.Option("--only-failing", help="Only what this run got wrong: latest, an id, or a path.")
]
Resume = Annotated[
    str | None,
    typer.Option(
        "--resume", help="Take up an unfinished run: latest, or its id; of the rest only --concurrency counts."
    ),
]
Recording = Annotated[
    Path | None, typer.Option("--record", help="Keep the model's calls in this file (.jsonl or .jsonl.gz).")
]
Replay = Annotated[
    Path | None, typer.Option("--replay", help="Answer the model's calls from this file; nothing is sent.")
]
WithFallback = Annotated[
    bool, typer.Option("--with-fallback", help="Let the extractive drafter stand in for a model, as in production.")
]
WithoutPrecedents = Annotated[
    bool, typer.Option("--without-precedents", help="Lay no past decision beside the alerts: what are drafts without?")
]
CasesFolder = Annotated[
    Path | None,
    typer.Option("--cases", help="A folder with cases/, profiles/ and precedents/ in place of the shipped ones."),
]
Note = Annotated[str, typer.Option("--note", help="A word on why, kept with the run.")]


def run(
    prompt: Prompts = None,
    model: Models = None,
    split: Splits = None,
    case: Cases = None,
    epochs: Epochs = 1,
    concurrency: Concurrency = None,
    limit: Limit = None,
    only_failing: OnlyFailing = None,
    resume: Resume = None,
    record: Recording = None,
    replay: Replay = None,
    with_fallback: WithFallback = False,
    without_precedents: WithoutPrecedents = False,
    folder: CasesFolder = None,
    note: Note = "",
) -> None:
    """Run cases through every prompt with every model; one folder a run, whose id is printed.

    Exit codes: 0 every sample has a record, 1 at least one failed, 2 wrong usage, 4 wrong configuration.
    """
    with errors_as_exits(), _stopped_in_words(), _progress_shown() as show:
        from agent.settings import load_settings
        from evals.running.environment import require_inspect
        from evals.running.folders import find_unfinished
        from evals.running.planning import RunRequest
        from evals.running.runner import resume_runs, run_cases

        require_inspect()
        settings = load_settings().settings
        if resume is not None:
            unfinished = find_unfinished(settings.home, resume)
            folders = resume_runs(settings, unfinished, concurrency=concurrency, tell=complain, on_progress=show)
        else:
            cases = _select(settings, folder, split, case, limit, only_failing)
            request = RunRequest(
                prompts=prompt or (),
                models=model or (),
                epochs=epochs,
                concurrency=concurrency,
                with_fallback=with_fallback,
                without_precedents=without_precedents,
                record=record,
                replay=replay,
                note=note,
            )
            folders = run_cases(settings, cases, request, root=_root(folder), tell=complain, on_progress=show)
        failed = [_print_run(one) for one in folders]
    raise typer.Exit(SOME_FAILED if any(failed) else OK)


def view(
    wanted: Annotated[str, typer.Argument(metavar="[RUN]", help="latest, an id, or a path.")] = "latest",
    port: Annotated[int, typer.Option("--port", min=1, max=65_535, help="On 127.0.0.1.")] = 7575,
) -> None:
    """Show a run's log in inspect's viewer, on this machine only, until Ctrl-C. Article text is shown as plain text."""
    with errors_as_exits():
        from agent.settings import load_settings
        from evals.running.environment import confine_inspect, require_inspect
        from evals.running.folders import find_run
        from evals.running.runs import LOG, RunInvalid

        require_inspect()
        found = find_run(load_settings().settings.home, wanted)
        if not (found / LOG).is_file():
            raise RunInvalid(f"{found} holds no {LOG}: a baseline keeps none, and an unfinished run has none yet.")
        confine_inspect(found)
        from evals.running.inspection import show_log

        complain(f"{found.name}: http://127.0.0.1:{port} (Ctrl-C ends it)")
        show_log(found / LOG, port)


def list_runs() -> None:
    """One line a run, the newest first: id, drafter or prompt and model, cases, epochs, whether it is finished."""
    with errors_as_exits():
        from agent.settings import load_settings
        from evals.running.folders import list_run_folders, read_manifest

        for folder in list_run_folders(load_settings().settings.home):
            shown = read_manifest(folder)
            what = shown.drafter if shown.model is None else f"{(shown.prompt or '').partition('#')[0]} {shown.model}"
            size = f"{shown.cases} cases" + (f" × {shown.epochs}" if shown.epochs > 1 else "")
            state = "replayed" if shown.replayed else "finished"
            words = [folder.name, what, "+".join(shown.splits), size, state if shown.finished_at else "UNFINISHED"]
            print(plain("  ".join(filter(None, [*words, shown.note]))))


def _root(folder: Path | None) -> Path:
    from evals.cases.files import SHIPPED

    return folder or SHIPPED


def _select(
    settings: Settings,
    folder: Path | None,
    splits: list[str] | None,
    ids: list[str] | None,
    limit: int | None,
    only_failing: str | None,
) -> CaseSet:
    from evals.cases.case import Split
    from evals.running.folders import find_run
    from evals.running.runs import read_run
    from evals.running.selection import select_cases

    if unknown := sorted(set(splits or ()) - set(Split)):
        complain(f"triage: there is no split {unknown[0]!r}; there are {', '.join(Split)}.")
        raise typer.Exit(USAGE)
    return select_cases(
        root=_root(folder),
        splits=[Split(one) for one in splits or ()],
        ids=ids or (),
        limit=limit,
        failing=read_run(find_run(settings.home, only_failing)) if only_failing is not None else None,
    )


@contextmanager
def _progress_shown() -> Iterator[Callable[[Progress], None]]:
    """A meter for the run that is under way."""
    from agent.cli.progress import Meter

    shown: dict[str, Meter] = {}
    with ExitStack() as meters:

        def show(progress: Progress) -> None:
            if progress.name not in shown:
                meters.close()
                shown[progress.name] = meters.enter_context(Meter(progress.name, "samples"))
            shown[progress.name].show(progress.done, progress.done, progress.total)

        yield show


@contextmanager
def _stopped_in_words() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        complain("Stopped. What is finished is kept: `triage eval run --resume latest` goes on.")
        raise typer.Exit(STOPPED) from None


def _print_run(folder: Path) -> int:
    """Print the run's id and how many samples have no record; returns that number."""
    from agent.domain.record import TriageFailure
    from evals.running.runs import read_run

    finished = read_run(folder)
    failures = [one.outcome.failure.message for one in finished.samples if isinstance(one.outcome, TriageFailure)]
    for message in failures[:5]:
        complain(f"triage: {message}")
    if finished.manifest.note:
        complain(finished.manifest.note)
    print(plain(f"{folder.name}  {finished.name}  {len(finished.samples)} samples, {len(failures)} failed"))
    return len(failures)
