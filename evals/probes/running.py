"""run_samples: probe cases through the real pipeline, the extractive drafter in processes or the model set."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from agent.domain.record import TriageFailure, TriageRecord
from agent.settings import Settings
from agent.triage.pipeline import Pipeline
from agent.wiring import Services
from evals.cases.case import Case
from evals.cases.references import CaseReferences
from evals.running.agents import Agent, ExtractiveAgent, ModelAgent
from evals.running.outcomes import warm_up
from evals.running.planning import MODEL_CONCURRENCY
from evals.running.references import Tell, Workspace, open_workspace

OnDone = Callable[[int, int], None]
"""Called with how many are done, and of how many."""


def run_samples(
    settings: Settings, references: CaseReferences, cases: Sequence[Case], *, tell: Tell, on_done: OnDone
) -> dict[str, TriageRecord | TriageFailure]:
    """Case id → what became of it. ``settings.model`` decides who drafts; a model's paid calls are kept and known.

    Raises RunStopped, ConfigError, StoreError, RetrievalError.
    """
    workspace = open_workspace(settings, references, tell)
    with _open_agent(settings, workspace, len(cases)) as (agent, concurrency):
        return asyncio.run(_work(agent, cases, concurrency, on_done))


async def _work(
    agent: Agent, cases: Sequence[Case], concurrency: int, on_done: OnDone
) -> dict[str, TriageRecord | TriageFailure]:
    gate = asyncio.Semaphore(concurrency)
    outcomes: dict[str, TriageRecord | TriageFailure] = {}

    async def work(case: Case) -> None:
        async with gate:
            answered = await agent.triage(case, 1)
        outcomes[case.id] = answered.outcome
        on_done(len(outcomes), len(cases))

    await asyncio.gather(*(work(case) for case in cases))
    return outcomes


@contextmanager
def _open_agent(settings: Settings, workspace: Workspace, cases: int) -> Iterator[tuple[Agent, int]]:
    if settings.model is None:
        workers = min(os.cpu_count() or 1, 1 + cases // 8)
        extractive = ExtractiveAgent(workspace, workers)
        try:
            yield extractive, 2 * workers  # no worker waits for its next
        finally:
            extractive.close()
        return
    seat = workspace.take_seat(own_ledger=False)
    services = Services(seat.settings.model_copy(update={"model": settings.model}))

    def make_pipeline(epoch: int) -> Pipeline:
        return services.build_pipeline(services.build_drafter(services.prompts, sample=epoch, fallback=False))

    try:
        warm_up(make_pipeline(1))
        yield ModelAgent(make_pipeline, replaying=False), MODEL_CONCURRENCY
    finally:
        services.close()
        seat.leave()
