"""run_cases: prompts × models over cases, one run folder each; resume_runs: what was begun, to its end."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import httpx2
from pydantic import SecretStr

from agent.domain.record import TriageFailure
from agent.settings import Settings
from agent.triage.pipeline import Pipeline
from agent.wiring import Services, load_prompts
from evals.cases.files import SHIPPED, CaseSet, load_cases
from evals.cases.references import load_references
from evals.running.agents import Agent, ExtractiveAgent, ModelAgent, RememberedReader
from evals.running.cassette import Cassette
from evals.running.disk import write_whole
from evals.running.endings import check_samples, write_ending
from evals.running.environment import confine_inspect
from evals.running.folders import JOURNAL, ORDER, make_run_folder, read_manifest, read_order
from evals.running.journal import Journal
from evals.running.locks import Claim
from evals.running.manifests import describe_run, list_changes
from evals.running.orders import RunOrder
from evals.running.outcomes import warm_up
from evals.running.planning import RunRequest, plan_runs
from evals.running.references import Tell, Workspace, open_workspace
from evals.running.runs import MANIFEST, SAMPLES, RunInvalid, Sample

_LOG_FOLDER: Final = "inspect"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is."""

    name: str
    done: int
    total: int
    failed: int


OnProgress = Callable[[Progress], None]


def run_cases(
    settings: Settings,
    cases: CaseSet,
    request: RunRequest,
    *,
    root: Path = SHIPPED,
    tell: Tell,
    on_progress: OnProgress,
) -> list[Path]:
    """Run every prompt with every model over the cases; the folders of the finished runs.

    ``root`` holds the profiles and precedents that go with the cases. ``settings`` are the user's own: whatever is
    written lies under ``<home>/evals``. Raises OrderInvalid, RunStopped, RunInvalid, other ConfigError, PromptError.
    """
    orders = plan_runs(settings, cases, request, root, tell)
    runner = _Runner(settings, tell, on_progress)
    folders = [runner.begin(order, cases) for order in orders]
    try:
        for folder, order in zip(folders, orders, strict=True):
            runner.finish(folder, order, cases)
    except BaseException:  # whatever ended it, folders without a single sample are of no use to anybody
        if not any(_has_samples(folder) for folder in folders):
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)
        raise
    return folders


def resume_runs(
    settings: Settings,
    folders: Sequence[Path],
    *,
    concurrency: int | None = None,
    tell: Tell,
    on_progress: OnProgress,
) -> list[Path]:
    """Take unfinished runs to their end as they were begun, save for ``concurrency``; a finished one is left as it is.

    Raises RunInvalid when a run cannot be taken up (running elsewhere; a case, prompt or setting changed since).
    """
    runner = _Runner(settings, tell, on_progress)
    for folder in folders:
        if read_manifest(folder).finished_at is not None:
            tell(f"{folder.name} is finished: nothing to resume.")
            continue
        begun = read_order(folder)
        order = begun.model_copy(update={"concurrency": concurrency or begun.concurrency})
        runner.finish(folder, order, load_cases(order.cases_root).select(ids=order.case_ids))
    return list(folders)


_NO_KEY: Final = SecretStr("none needed to replay")
"""What a provider's client is built with where nothing is sent."""


class _Runner:
    """Begins and finishes runs; what several runs can share is opened once."""

    def __init__(self, settings: Settings, tell: Tell, on_progress: OnProgress) -> None:
        self._settings = settings
        self._tell = tell
        self._on_progress = on_progress
        self._workspaces: dict[tuple[Path, bool], tuple[Workspace, str]] = {}
        self._reader: RememberedReader | None = None

    def begin(self, order: RunOrder, cases: CaseSet) -> Path:
        """The folder of a run that is about to start, with its order and its manifest."""
        _, references_hash = self._open_workspace(order)
        folder = make_run_folder(self._settings.home, order.name)
        manifest = describe_run(folder.name, order, cases, references_hash, self._settings)
        write_whole(folder / ORDER, order.model_dump_json(indent=1))
        write_whole(folder / MANIFEST, manifest.model_dump_json(indent=2) + "\n")
        return folder

    def finish(self, folder: Path, order: RunOrder, cases: CaseSet) -> None:
        """Run what is not in the journal yet, and write the run's files."""
        try:
            claim = Claim(folder / "run.lock")
        except BlockingIOError:
            raise RunInvalid(f"{folder.name} is being run by another process.") from None
        try:
            workspace, references_hash = self._open_workspace(order)
            begun = read_manifest(folder)
            now = describe_run(folder.name, order, cases, references_hash, self._settings)
            if changes := list(list_changes(begun, now)):
                raise RunInvalid(
                    f"{folder.name} cannot be resumed: {', '.join(changes)} changed since. Start a new run."
                )
            with Journal(folder / JOURNAL) as journal:
                log, samples = self._run(folder, order, cases, workspace, journal)
                check_samples(folder, order, samples, journal)
            write_ending(folder, begun, samples, log)
        finally:
            claim.release()

    def _run(
        self, folder: Path, order: RunOrder, cases: CaseSet, workspace: Workspace, journal: Journal
    ) -> tuple[Path, list[Sample]]:
        confine_inspect(folder)
        from evals.running.inspection import InspectRun, read_log, run_inspect  # inspect takes seconds to load

        by_id = cases.by_id()
        total = len(by_id) * order.epochs

        def show() -> None:
            failed = sum(isinstance(sample.outcome, TriageFailure) for sample in journal.samples.values())
            self._on_progress(Progress(order.name, len(journal.samples), total, failed))

        with self._open_agent(order, workspace) as agent:

            async def work(case_id: str, epoch: int) -> Sample:
                known = journal.samples.get((case_id, epoch))
                if known is not None:
                    return known
                answered = await agent.triage(by_id[case_id], epoch)
                sample = Sample(case_id=case_id, epoch=epoch, outcome=answered.outcome, seconds=answered.seconds)
                journal.append(sample)
                show()
                return sample

            show()
            shutil.rmtree(folder / _LOG_FOLDER, ignore_errors=True)  # what a killed inspect left
            log = run_inspect(
                InspectRun(
                    name=order.name,
                    cases=cases.cases,
                    epochs=order.epochs,
                    concurrency=order.concurrency * (2 if order.model is None else 1),  # no worker waits for its next
                    metadata={"run": folder.name},
                    folder=folder / _LOG_FOLDER,
                ),
                work,
            )
        return log, read_log(log)

    @contextmanager
    def _open_agent(self, order: RunOrder, workspace: Workspace) -> Iterator[Agent]:
        with ExitStack() as stack:
            if order.model is None:
                extractive = ExtractiveAgent(workspace, order.concurrency)
                stack.callback(extractive.close)
                yield extractive
                return
            client = None
            if order.cassette is not None and order.mode is not None:
                cassette = stack.enter_context(Cassette(order.cassette, order.mode))
                client = httpx2.AsyncClient(transport=cassette, follow_redirects=True)
            seat = workspace.take_seat(own_ledger=order.cassette is not None)
            stack.callback(seat.leave)
            settings = seat.settings.model_copy(update={"model": order.model})
            if order.mode == "replay" and settings.api_key is None:
                settings = settings.model_copy(update={"api_key": _NO_KEY})
            services = Services(settings, http_client=client)
            stack.callback(services.close)
            self._reader = reader = self._reader or RememberedReader(services.reader)
            prompts = load_prompts(self._settings)

            def make_pipeline(epoch: int) -> Pipeline:
                drafter = services.build_drafter(
                    prompts, version=order.prompt_version, sample=epoch, fallback=order.with_fallback
                )
                return services.build_pipeline(drafter, reader=reader)

            warm_up(make_pipeline(1))
            yield ModelAgent(make_pipeline, replaying=order.mode == "replay")

    def _open_workspace(self, order: RunOrder) -> tuple[Workspace, str]:
        """The workspace of the order's references, and their hash."""
        key = (order.cases_root, order.without_precedents)
        if key not in self._workspaces:
            references = load_references(order.cases_root)
            if order.without_precedents:
                references = replace(references, precedents=())
            self._workspaces[key] = (open_workspace(self._settings, references, self._tell), references.hash)
        return self._workspaces[key]


def _has_samples(folder: Path) -> bool:
    """Whether anything of the run is kept, in its journal or finished."""
    journal = folder / JOURNAL
    return (folder / SAMPLES).exists() or (journal.exists() and journal.stat().st_size > 0)
