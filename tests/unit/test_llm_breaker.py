"""The breaker: what opens it, what it says, and how it closes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agent.errors import (
    AccessDenied,
    BreakerOpen,
    ModelError,
    ModelTimeout,
    ModelUnavailable,
    QuotaExhausted,
    RateLimited,
    Refused,
)
from agent.llm.breaker import Breaker


class Clock:
    def __init__(self) -> None:
        self.at = 500.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(clock=clock, now=lambda: datetime(2031, 5, 6, 12, 0, tzinfo=UTC))


def state(breaker: Breaker) -> str:
    return breaker.state


def fail(breaker: Breaker, times: int, error: ModelError | None = None) -> None:
    for _ in range(times):
        breaker.record_failure(error or ModelUnavailable("500"))


def test_four_failures_in_a_row_leave_it_closed_and_the_fifth_opens_it(breaker: Breaker) -> None:
    fail(breaker, 4)
    assert breaker.admit() == 0
    fail(breaker, 1, ModelTimeout("silence"))
    with pytest.raises(BreakerOpen, match=r"until 2031-05-06 12:00:30 UTC\. 5 calls in a row failed; .*silence"):
        breaker.admit()
    assert state(breaker) == "open"
    assert breaker.reason is not None


def test_a_success_starts_the_count_anew(breaker: Breaker) -> None:
    fail(breaker, 4)
    breaker.record_success()
    fail(breaker, 4)
    assert state(breaker) == "closed"


def test_more_than_half_of_ten_calls_within_a_minute(breaker: Breaker, clock: Clock) -> None:
    for _ in range(4):
        fail(breaker, 1)
        breaker.record_success()
    fail(breaker, 1)
    assert state(breaker) == "closed"  # nine calls are too few
    fail(breaker, 1)
    assert state(breaker) == "open"
    assert "6 of the last 10 calls failed" in str(breaker.reason)


def test_failures_older_than_the_window_are_forgotten(breaker: Breaker, clock: Clock) -> None:
    for _ in range(4):
        fail(breaker, 1)
        breaker.record_success()
    clock.at += 61
    fail(breaker, 2)
    assert state(breaker) == "closed"


def test_after_the_cool_down_one_caller_probes(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 5)
    clock.at += 30
    assert state(breaker) == "half_open"
    assert breaker.admit() == 0
    with pytest.raises(BreakerOpen):
        breaker.admit()
    breaker.record_success()
    assert state(breaker) == "closed"
    assert breaker.reason is None


def test_a_failing_probe_opens_it_again(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 5)
    clock.at += 30
    breaker.admit()
    clock.at += 5
    fail(breaker, 1)
    clock.at += 29
    assert state(breaker) == "open"
    clock.at += 1
    assert state(breaker) == "half_open"


def test_a_probe_that_never_ends_gives_its_turn_back(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 5)
    clock.at += 30
    breaker.admit()
    clock.at += 30
    assert breaker.admit() == 0


@pytest.mark.parametrize("error", [AccessDenied("Key is wrong."), QuotaExhausted("No money.")])
def test_a_cause_that_a_person_must_mend_stays_open(breaker: Breaker, clock: Clock, error: ModelError) -> None:
    fail(breaker, 1, error)
    clock.at += 10_000
    breaker.record_success()  # a call that was still under way
    with pytest.raises(BreakerOpen, match=str(error)):
        breaker.admit()
    breaker.reset()
    assert breaker.admit() == 0


def test_a_refusal_is_an_answer_not_a_weakness(breaker: Breaker) -> None:
    fail(breaker, 4)
    fail(breaker, 1, Refused("no"))
    fail(breaker, 4)
    assert state(breaker) == "closed"


def test_a_shorter_pause_does_not_end_a_longer_one(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, 1, RateLimited("429", retry_after=20))
    fail(breaker, 1, RateLimited("429", retry_after=2))
    assert breaker.admit() == 20
    assert state(breaker) == "closed"


def test_a_429_without_a_time_pauses_for_a_second(breaker: Breaker) -> None:
    fail(breaker, 1, RateLimited("429"))
    assert breaker.admit() == 1


def test_rate_limits_never_open_it(breaker: Breaker) -> None:
    fail(breaker, 50, RateLimited("429", retry_after=0))
    assert state(breaker) == "closed"
