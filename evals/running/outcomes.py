"""One case through the spine: a record or a failure, whatever happens, unless nothing at all could succeed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from agent.domain.alert import Alert, Article, Subject
from agent.domain.record import FailureDetail, TriageFailure, TriageRecord
from agent.errors import ConfigError, ModelNotConfigured, PromptError, TriageError
from agent.triage.pipeline import Pipeline

_FIRST: Final = Alert(
    alert_id="warm-up",
    subject=Subject(name="Odo Vinterberg"),
    article=Article(text="Odo Vinterberg was charged with fraud in Halden on Friday, prosecutors said.", language="en"),
)
_RESUME: Final = "What is finished is kept: mend it, then `triage eval run --resume latest` goes on."


class RunStopped(ConfigError):
    """Nothing of the run would succeed until a person acts."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of one sample, and how long it took in seconds, waits and retries included."""

    outcome: TriageRecord | TriageFailure
    seconds: float


def warm_up(pipeline: Pipeline) -> None:
    """Let reader, embedder and index load, so that no case's seconds hold it. What fails here fails again there."""
    with suppress(TriageError):
        pipeline.prepare(_FIRST)


async def triage_alert(pipeline: Pipeline, alert: Alert) -> Answered:
    """The alert's outcome; a bug and a time-out are failures like any other. Raises RunStopped."""
    begun = time.monotonic()
    try:
        outcome = await pipeline.triage(alert)
    except (ConfigError, ModelNotConfigured, PromptError) as error:
        raise RunStopped(f"Case {alert.alert_id}: {error} {_RESUME}") from error
    except Exception as error:  # noqa: BLE001 a bug, or a time-out that inspect would swallow, is an outcome
        outcome = describe_bug(alert.alert_id, error)
    if (reason := find_stop(outcome)) is not None:
        raise RunStopped(f"{reason} {_RESUME}")
    return Answered(outcome, time.monotonic() - begun)


def describe_bug(alert_id: str, error: Exception) -> TriageFailure:
    """The failure that an exception nobody expected is counted as."""
    detail = FailureDetail(
        stage="draft",
        error=type(error).__name__,
        message=f"Alert {alert_id}: {type(error).__name__} escaped the pipeline: {error}"[:2_000],
        retryable=False,
    )
    return TriageFailure(alert_id=alert_id, failure=detail)


def find_stop(outcome: TriageRecord | TriageFailure) -> str | None:
    """Why no other case can succeed either (no access, no quota, a breaker open), as far as the outcome tells."""
    if isinstance(outcome, TriageFailure):
        return outcome.failure.message if outcome.failure.error in _STOPPING else None
    reason = outcome.provenance.fallback_reason or ""
    stopping = any(f"{name}:" in reason for name in _STOPPING)
    return f"Alert {outcome.alert_id}: {reason}" if stopping else None


def _list_errors(kind: type[TriageError]) -> Iterator[type[TriageError]]:
    yield kind
    for one in kind.__subclasses__():
        yield from _list_errors(one)


_STOPPING: Final = frozenset(error.__name__ for error in _list_errors(TriageError) if error.stops_queue)
"""Names of the errors after which a queue pauses."""
