"""When to ask again and how long to wait: one policy for models, the index server and the database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)

from agent.errors import TriageError

Sleep = Callable[[float], None]
AsyncSleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how patiently to try again. Times are seconds."""

    attempts: int = 4
    base_s: float = 0.5
    """The first wait is drawn between 0 and this; each later one between 0 and twice the one before."""
    cap_s: float = 20.0
    longest_pause_s: float = 60.0
    """A server that asks for a longer pause is not waited for: the failure is raised at once."""
    total_s: float = 300.0
    """The wall clock of all attempts and waits together."""


def build_retrying(policy: RetryPolicy, sleep: Sleep = time.sleep) -> Retrying:
    """Retrying for blocking work. Only errors whose class says ``retryable`` are tried again; the last is raised."""
    return Retrying(sleep=sleep, **_rules(policy))


def build_async_retrying(policy: RetryPolicy, sleep: AsyncSleep = asyncio.sleep) -> AsyncRetrying:
    """As ``build_retrying``, for coroutines."""
    return AsyncRetrying(sleep=sleep, **_rules(policy))


def _rules(policy: RetryPolicy) -> dict[str, Any]:
    backoff = wait_random_exponential(multiplier=policy.base_s, max=policy.cap_s)

    def wait(state: RetryCallState) -> float:
        asked_for = getattr(_failure(state), "retry_after", None)
        return backoff(state) if asked_for is None else float(asked_for)

    def stop(state: RetryCallState) -> bool:
        failure = _failure(state)
        attempts = min(policy.attempts, getattr(failure, "attempts_at_most", policy.attempts))
        return (
            stop_after_attempt(attempts)(state)
            or stop_before_delay(policy.total_s)(state)
            or (getattr(failure, "retry_after", None) or 0.0) > policy.longest_pause_s
        )

    return {"retry": retry_if_exception(_is_retryable), "wait": wait, "stop": stop, "reraise": True}


def _is_retryable(failure: BaseException) -> bool:
    return isinstance(failure, TriageError) and failure.retryable


def _failure(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None
