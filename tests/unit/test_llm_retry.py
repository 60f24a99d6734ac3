"""The retry policy: for models, the index and the database alike."""

from __future__ import annotations

import asyncio

import pytest

from agent.errors import IndexUnavailable, RateLimited, StoreBusy, StoreError, TriageError
from agent.llm.retry import RetryPolicy, build_async_retrying, build_retrying


class Work:
    """Raises each error once, then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"

    async def later(self) -> str:
        return self()


def test_retryable_errors_of_any_adapter_are_tried_again() -> None:
    waits: list[float] = []
    work = Work(IndexUnavailable("down"), StoreBusy("locked"))
    assert build_retrying(RetryPolicy(base_s=1, cap_s=5), waits.append)(work) == "done"
    assert work.calls == 3
    assert len(waits) == 2
    assert waits[0] <= 1
    assert waits[1] <= 2


@pytest.mark.parametrize("error", [StoreError("broken"), ValueError("a bug")])
def test_everything_else_is_raised_at_once(error: Exception) -> None:
    work = Work(error)
    with pytest.raises(type(error)):
        build_retrying(RetryPolicy(), lambda _: None)(work)
    assert work.calls == 1


def test_the_last_error_is_raised_as_it_was() -> None:
    errors: list[TriageError] = [StoreBusy(str(number)) for number in range(9)]
    work = Work(*errors)
    with pytest.raises(StoreBusy, match="2"):
        build_retrying(RetryPolicy(attempts=3), lambda _: None)(work)


def test_no_wait_that_would_pass_the_total() -> None:
    waits: list[float] = []
    work = Work(RateLimited("slow", retry_after=40))
    with pytest.raises(RateLimited):
        build_retrying(RetryPolicy(total_s=30), waits.append)(work)
    assert waits == []


def test_a_longer_pause_than_allowed_is_not_waited_for() -> None:
    waits: list[float] = []
    work = Work(RateLimited("slow", retry_after=61), RateLimited("slow", retry_after=60))
    with pytest.raises(RateLimited):
        build_retrying(RetryPolicy(longest_pause_s=60), waits.append)(work)
    assert build_retrying(RetryPolicy(longest_pause_s=60), waits.append)(work) == "done"
    assert waits == [60]


def test_coroutines() -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    work = Work(RateLimited("slow", retry_after=3), RateLimited("slow", retry_after=0))
    assert asyncio.run(build_async_retrying(RetryPolicy(), sleep)(work.later)) == "done"
    assert waits == [3, 0]


def test_waits_differ_between_callers() -> None:
    waits: list[float] = []
    for _ in range(8):
        build_retrying(RetryPolicy(), waits.append)(Work(StoreBusy("locked")))
    assert len(set(waits)) == 8
