"""What runs in a worker process: one spine without a model, opened at the first alert and kept."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from functools import cache

from agent.domain.alert import Alert
from agent.triage.pipeline import Pipeline
from agent.wiring import Services
from evals.running.outcomes import Answered, triage_alert, warm_up
from evals.running.references import Seat, Workspace


def prepare_worker() -> None:
    """Leave Ctrl-C to the parent, and end when it is gone: a killed parent must leave no process behind."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="parent-watch", daemon=True).start()


def triage_in_worker(workspace: Workspace, alert: Alert) -> Answered:
    """The alert's outcome from this process's own spine. Raises RunStopped, and TriageError when it cannot open."""
    _, pipeline = _open_spine(workspace)
    return asyncio.run(triage_alert(pipeline, alert))


@cache
def _open_spine(workspace: Workspace) -> tuple[Seat, Pipeline]:
    """The seat is held until the process ends, and so is what the pipeline holds open."""
    seat = workspace.take_seat(own_ledger=True)
    pipeline = Services(seat.settings.model_copy(update={"model": None})).pipeline
    warm_up(pipeline)
    return seat, pipeline


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
