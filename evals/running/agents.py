"""The agents that runs put to the test: the whole spine with a model, or with the extractive drafter in processes."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Protocol

from agent.domain.alert import Article, Subject
from agent.domain.fingerprint import content_hash
from agent.domain.reading import Reading
from agent.triage.pipeline import ArticleReader, Pipeline
from evals.cases.case import Case
from evals.running.cassette import count_calls
from evals.running.outcomes import Answered, RunStopped, triage_alert
from evals.running.references import Workspace
from evals.running.worker import prepare_worker, triage_in_worker


class Agent(Protocol):
    """Whoever works cases, many at a time."""

    async def triage(self, case: Case, epoch: int) -> Answered:
        """The outcome; what goes wrong with this one case is a TriageFailure. Raises RunStopped."""


class RememberedReader:
    """The reader, asked once for each text and subject: epochs and prompts share what it found."""

    def __init__(self, reader: ArticleReader) -> None:
        self._reader = reader
        self._readings: dict[str, Reading] = {}

    def read(self, article: Article, subject: Subject | None = None) -> Reading:
        """As the reader itself."""
        key = content_hash([article, subject])
        if key not in self._readings:
            self._readings[key] = self._reader.read(article, subject)
        return self._readings[key]


class ModelAgent:
    """The spine with a chat model in this process; each epoch asks the model anew and finds its own recorded calls."""

    def __init__(self, make_pipeline: Callable[[int], Pipeline], *, replaying: bool) -> None:
        """``make_pipeline`` makes an epoch's pipeline. In a replay a sample takes the seconds that were recorded."""
        self._make = make_pipeline
        self._pipelines: dict[int, Pipeline] = {}
        self._replaying = replaying

    async def triage(self, case: Case, epoch: int) -> Answered:
        """As ``Agent`` says. In a replay, raises RecordingMissing for a call that was not recorded."""
        if epoch not in self._pipelines:
            self._pipelines[epoch] = self._make(epoch)
        with count_calls(case.id, epoch) as tally:
            answered = await triage_alert(self._pipelines[epoch], case.alert)
        return Answered(answered.outcome, tally.seconds) if self._replaying else answered


class ExtractiveAgent:
    """The spine without a model, in several processes: it is all computing. ``close`` it in the end."""

    def __init__(self, workspace: Workspace, workers: int) -> None:
        self._workspace = workspace
        # Spawned, because a process with threads, as inspect's is, cannot be forked safely.
        self._pool = ProcessPoolExecutor(
            workers, mp_context=multiprocessing.get_context("spawn"), initializer=prepare_worker
        )

    async def triage(self, case: Case, epoch: int) -> Answered:  # noqa: ARG002 (every epoch is the same)
        """As ``Agent`` says."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._pool, triage_in_worker, self._workspace, case.alert)
        except BrokenProcessPool as error:
            raise RunStopped(
                f"A worker process ended while case {case.id} was drafted, most likely for want of memory. What is "
                "finished is kept: `triage eval run --resume latest --concurrency 1` goes on with one process."
            ) from error

    def close(self) -> None:
        """End the processes."""
        self._pool.shutdown(cancel_futures=True)
