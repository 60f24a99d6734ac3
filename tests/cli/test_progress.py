"""Progress for a person who waits: rates and what is left, a line every ten seconds where there is no terminal."""

from __future__ import annotations

import pytest

from agent.cli.progress import Meter, Meters, describe_seconds


class Clock:
    """Time as the test says."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_quick_step_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with Meter("Reading", "rows", clock=clock) as meter:
        for row in range(900):
            clock.now += 0.01
            meter.show(row, row, 900)
    assert capsys.readouterr().err == ""


def test_a_slow_step_says_every_ten_seconds_how_far_it_is_and_what_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with Meter("Reading", "rows", clock=clock) as meter:
        for second in range(26):
            clock.now = 100.0 + second
            meter.show(second * 200, second * 1_000, 100_000)
    assert capsys.readouterr().err.splitlines() == [
        "Reading: 10 %, 2,000 rows, 200 a second, 90 s left",
        "Reading: 20 %, 4,000 rows, 200 a second, 80 s left",
    ]


def test_what_an_earlier_run_did_does_not_count_as_speed(capsys: pytest.CaptureFixture[str]) -> None:
    """The first 90 % are on file and fly by; then 10 a second are made."""
    clock = Clock()
    with Meter("Embedding", "profiles", clock=clock) as meter:
        meter.show(0, 0, 10_000)
        clock.now += 1
        meter.show(9_000, 9_000, 10_000)
        for second in range(50):
            clock.now += 1
            meter.show(9_000 + second * 10, 9_000 + second * 10, 10_000)
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("Embedding: 94 %")
    assert "10 a second, 52 s left" in last


def test_an_unknown_total_is_no_percentage(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with Meter("Names", "profiles", clock=clock) as meter:
        meter.show(0, 0, None)
        clock.now += 20
        meter.show(500, 500, None)
    assert capsys.readouterr().err == "Names: 500 profiles, 25 a second\n"


def test_steps_follow_each_other_and_an_unknown_one_is_no_bug(capsys: pytest.CaptureFixture[str]) -> None:
    with Meters({"names": ("Names", "profiles")}) as meters:
        meters.show("names", 1, 2)
        meters.show("names", 2, 2)
        meters.show("other", 1, None)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "0 s"), (99, "99 s"), (101, "2 min"), (7_500, "2 h 05 min")])
def test_spans_are_rounded_for_a_person(seconds: float, words: str) -> None:
    assert describe_seconds(seconds) == words
