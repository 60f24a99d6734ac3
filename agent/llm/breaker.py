"""The breaker: stops asking an endpoint that denies access, has no quota left or keeps failing."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal

from agent.errors import BreakerOpen, ModelError, RateLimited

_UNNAMED_PAUSE_S = 1.0
"""How long everyone pauses after a 429 that names no time."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Breaker:
    """Shared by all callers of one endpoint. Times are seconds.

    It opens after ``failures_in_row`` transient failures, or when more than ``failure_share`` of at least
    ``least_calls`` calls within ``window_s`` failed; after ``cool_down_s`` one caller may probe. Access denied and
    quota exhausted open it at once, until ``reset``. A pause that the server asks for holds everyone. No method
    awaits, so within one event loop each is atomic.
    """

    def __init__(
        self,
        *,
        failures_in_row: int = 5,
        window_s: float = 60.0,
        failure_share: float = 0.5,
        least_calls: int = 10,
        cool_down_s: float = 30.0,
        longest_pause_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._failures_in_row = failures_in_row
        self._window_s = window_s
        self._failure_share = failure_share
        self._least_calls = least_calls
        self._cool_down_s = cool_down_s
        self._longest_pause_s = longest_pause_s
        self._clock = clock
        self._now = now
        self._in_row = 0
        self._calls: deque[tuple[float, bool]] = deque()
        self._open_until: float | None = None
        self._cause: str | None = None
        self._paused_until: float | None = None
        self._pause_reason: str | None = None
        self._stopped: str | None = None

    @property
    def state(self) -> Literal["closed", "open", "half_open"]:
        """``open`` while no call is let through, ``half_open`` when the next call will be the probe."""
        if self._stopped is not None or self._pause_left() > self._longest_pause_s:
            return "open"
        if self._open_until is None:
            return "closed"
        return "half_open" if self._clock() >= self._open_until else "open"

    @property
    def reason(self) -> str | None:
        """Why calls are held back, in a sentence; None when they are not."""
        if self._stopped is not None:
            return self._stopped
        return self._pause_reason if self._pause_left() > 0 else self._cause

    def admit(self) -> float:
        """How many seconds to wait before calling: 0, or what is left of a shared pause.

        Raises BreakerOpen, saying why and until when, while calls are held back.
        """
        if self._stopped is not None:
            raise BreakerOpen(f"Calls to the model are stopped until that is mended. {self._stopped}")
        left = self._pause_left()
        if left > self._longest_pause_s:
            raise BreakerOpen(f"Calls to the model are paused until {self._time_in(left)}. {self._pause_reason}")
        if self._open_until is not None:
            wait = self._open_until - self._clock()
            if wait > 0:
                raise BreakerOpen(f"Calls to the model are paused until {self._time_in(wait)}. {self._cause}")
            # This caller is the probe. Its turn ends with the next cool-down, so a cancelled probe blocks no one.
            self._open_until = self._clock() + self._cool_down_s
        return left

    def record_success(self) -> None:
        """The endpoint answered; a probe's success closes the breaker."""
        self._in_row = 0
        self._note(failed=False)
        if self._open_until is not None:
            self._open_until, self._cause = None, None
            self._calls.clear()

    def record_failure(self, error: ModelError) -> None:
        """An attempt failed; an error that is not the endpoint's weakness (a refusal) counts as an answer."""
        if isinstance(error, BreakerOpen):
            return
        if error.stops_queue:
            self._stopped = str(error)
        elif isinstance(error, RateLimited):
            self.pause(_UNNAMED_PAUSE_S if error.retry_after is None else error.retry_after, str(error))
        elif not error.retryable:
            self.record_success()
        else:
            self._record_weakness(error)

    def pause(self, seconds: float, reason: str) -> None:
        """Hold every caller for that long; a pause never shortens one that is running."""
        until = self._clock() + seconds
        if self._paused_until is None or until > self._paused_until:
            self._paused_until, self._pause_reason = until, reason

    def reset(self) -> None:
        """Forget everything: a person has mended the cause."""
        self._in_row = 0
        self._calls.clear()
        self._open_until = self._cause = self._paused_until = self._pause_reason = self._stopped = None

    def _record_weakness(self, error: ModelError) -> None:
        self._in_row += 1
        self._note(failed=True)
        failed = sum(1 for _, was_failure in self._calls if was_failure)
        too_many = len(self._calls) >= self._least_calls and failed > self._failure_share * len(self._calls)
        if self._in_row >= self._failures_in_row:
            self._open(f"{self._in_row} calls in a row failed; the last: {error}")
        elif too_many:
            self._open(f"{failed} of the last {len(self._calls)} calls failed; the last: {error}")
        elif self._open_until is not None:
            self._open(f"The endpoint still fails: {error}")

    def _open(self, cause: str) -> None:
        self._open_until, self._cause = self._clock() + self._cool_down_s, cause

    def _note(self, *, failed: bool) -> None:
        now = self._clock()
        self._calls.append((now, failed))
        while self._calls and self._calls[0][0] < now - self._window_s:
            self._calls.popleft()

    def _pause_left(self) -> float:
        return 0.0 if self._paused_until is None else max(0.0, self._paused_until - self._clock())

    def _time_in(self, seconds: float) -> str:
        return (self._now() + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S UTC")
