"""How far a long command is: a bar where there is a terminal, a plain line every ten seconds where there is none."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from agent.cli.exits import complain

EVERY_S: Final = 10.0
"""Seconds between two plain lines."""
_WINDOW_S: Final = 30.0
"""The rate is that of the last so many seconds: what was done in an earlier run goes by in no time."""


class Meter:
    """One step of a command, shown on standard error while it runs. Use it as a context manager.

    Steps that take less than ten seconds show nothing where there is no terminal.
    """

    def __init__(self, label: str, unit: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._label = label
        self._unit = unit
        self._clock = clock
        self._samples: deque[tuple[float, int, float]] = deque()
        self._last_line = clock()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Meter:
        console = Console(file=sys.stderr)
        if console.is_terminal:
            columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}")
            self._bar = Progress(*columns, console=console, transient=True)
            self._task = self._bar.add_task(self._label, total=None, state="")
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, count: int, done: int, total: int | None) -> None:
        """So many units are through, which is ``done`` of ``total`` of the work, or of an unknown amount.

        Cheap enough to be called for every row.
        """
        now = self._clock()
        if not self._samples or now - self._samples[-1][0] >= 0.5:
            self._samples.append((now, count, done))
            while now - self._samples[0][0] > _WINDOW_S:
                self._samples.popleft()
            if self._bar is not None and self._task is not None:
                self._bar.update(self._task, completed=done, total=total, state=self._describe(count, done, total))
            elif now - self._last_line >= EVERY_S:
                self._last_line = now
                complain(f"{self._label}: {self._describe(count, done, total)}")

    def _describe(self, count: int, done: int, total: int | None) -> str:
        parts = [f"{count:,} {self._unit}"]
        if total:
            parts.insert(0, f"{min(100, 100 * done // total)} %")
        (since, first_count, first_done), (now, _, _) = self._samples[0], self._samples[-1]
        if now > since:
            parts.append(f"{(count - first_count) / (now - since):,.0f} a second")
            pace = (done - first_done) / (now - since)
            if total and pace > 0:
                parts.append(f"{describe_seconds((total - done) / pace)} left")
        return ", ".join(parts)


class Meters:
    """The steps of a command one after another, each with a meter of its own. Use it as a context manager."""

    def __init__(self, steps: Mapping[str, tuple[str, str]]) -> None:
        """``steps`` gives, for what the worker calls a step, its label and the unit of what is counted."""
        self._steps = steps
        self._current: str | None = None
        self._open = ExitStack()
        self._meter: Meter | None = None

    def __enter__(self) -> Meters:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def show(self, step: str, done: int, total: int | None) -> None:
        """So many of this step's things are done, of a total that may be unknown."""
        if step != self._current or self._meter is None:
            self._open.close()
            self._current = step
            self._meter = self._open.enter_context(Meter(*self._steps.get(step, (step, ""))))
        self._meter.show(done, done, total)


def describe_seconds(seconds: float) -> str:
    """A span of time for a person: ``40 s``, ``3 min``, ``2 h 05 min``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"
