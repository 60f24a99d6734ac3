"""What an extractive draft costs on this machine: ``python -m tests.bench.draft_cost [--rounds N] [--json FILE]``.

An invented article of about 600 words goes through the whole spine with the shipped demo's profiles and precedents.

cold   a new process, `triage draft FILE --json`, from its start to its end: what one draft costs a person
warm   the spine in a process that has drafted before, every round with other names, without writing to the database
start  `triage --help`, from its start to its end

CPU is user and system time of all threads. Goals are printed beside the figures; missing one changes no exit code.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from agent.domain.alert import Alert, Article, Subject
from agent.domain.record import TriageFailure
from agent.settings import SHIPPED_DATA, Settings
from agent.triage.dossier import build_dossier
from agent.triage.pipeline import utc_now
from agent.wiring import Services

ARTICLE: Final = Path(__file__).with_name("draft_article.txt").read_text(encoding="utf-8")
_GIVEN = ("Aurel", "Benno", "Corin", "Dario", "Edvin", "Falk", "Goran", "Henrik", "Ivo", "Joris")
_FAMILY = ("Stelmark", "Brandovar", "Kessimir", "Oduwanto", "Valmerre", "Tarkovin", "Lindqvale")
_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure, and the goal it is held against, if it has one."""

    name: str
    value: float
    unit: str
    goal: float | None = None

    def line(self) -> str:
        verdict = "" if self.goal is None else f"goal ≤ {self.goal:g}: {'met' if self.value <= self.goal else 'MISSED'}"
        return f"{self.name:<52}{self.value:>10,.2f} {self.unit:<4}{verdict}".rstrip()


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a child process took: seconds, seconds, bytes."""

    wall_s: float
    cpu_s: float
    peak_bytes: int


def make_alert(number: int) -> Alert:
    """The article about somebody else each time, so that nothing remembered from the last round helps."""
    given, family = _GIVEN[number % len(_GIVEN)], _FAMILY[number % len(_FAMILY)]
    text = ARTICLE.format(given=given, family=f"{family}{chr(ord('a') + number // 70 % 26)}")
    name = f"{given} {family}{chr(ord('a') + number // 70 % 26)}"
    return Alert(alert_id=f"BENCH-{number}", subject=Subject(name=name), article=Article(text=text))


def run_child(arguments: Sequence[str], environment: dict[str, str]) -> Cost:
    """Run one command to its end. Raises CalledProcessError when it fails."""
    begun = time.perf_counter()
    child = subprocess.Popen(arguments, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - begun
    if code := os.waitstatus_to_exitcode(status):
        raise subprocess.CalledProcessError(code, arguments)
    return Cost(wall, used.ru_utime + used.ru_stime, _peak_bytes(used.ru_maxrss))


def measure_processes(home: Path, rounds: int) -> list[Figure]:
    """A new process for one draft, and for the help alone."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRIAGE_")}
    environment["TRIAGE_HOME"] = str(home)
    triage = [sys.executable, "-c", "from agent.cli.main import main; main()"]
    demo = SHIPPED_DATA / "demo"
    profiles, precedents = demo / "profiles.ftm.jsonl", demo / "precedents.jsonl"
    run_child([*triage, "profiles", "load", str(profiles), "--names-only"], environment)
    run_child([*triage, "precedents", "load", str(precedents)], environment)
    alert, alert_file = make_alert(0), home / "alert.txt"
    header = f"Name: {alert.subject.name if alert.subject else ''} Alert ID: {alert.alert_id}"
    alert_file.write_text(f"{header}\n\n{alert.article.text}", encoding="utf-8")
    drafts = [run_child([*triage, "draft", str(alert_file), "--json"], environment) for _ in range(rounds + 1)][1:]
    helps = [run_child([*triage, "--help"], environment) for _ in range(2 * rounds + 1)][1:]
    return [
        Figure("cold: draft in a new process, CPU", statistics.median(cost.cpu_s for cost in drafts), "s", 6),
        Figure("cold: draft in a new process, wall", statistics.median(cost.wall_s for cost in drafts), "s"),
        Figure("cold: peak memory", max(cost.peak_bytes for cost in drafts) / _MEGABYTE, "MiB"),
        Figure("start: triage --help, wall", statistics.median(cost.wall_s for cost in helps), "s", 0.3),
    ]


def measure_warm(home: Path, rounds: int) -> list[Figure]:
    """The spine, and its first two steps alone, in this process. Raises RuntimeError when a draft fails."""
    services = Services(Settings(home=home, model=None))
    try:
        pipeline, reader, index = services.pipeline, services.reader, services.index
        with asyncio.Runner() as runner:

            def triage(alert: Alert) -> None:
                outcome = runner.run(pipeline.triage(alert))
                if isinstance(outcome, TriageFailure):
                    raise RuntimeError(outcome.failure.message)

            def read(alert: Alert) -> None:
                reader.read(alert.article, alert.subject)

            def retrieve(alert: Alert) -> None:
                build_dossier(alert, readings[alert.alert_id], index, utc_now())

            alerts = [make_alert(number) for number in range(3 * rounds)]
            for alert in alerts[:2]:
                triage(alert)
            whole, reading = _cpu_ms(triage, alerts[:rounds]), _cpu_ms(read, alerts[rounds : 2 * rounds])
            readings = {one.alert_id: reader.read(one.article, one.subject) for one in alerts[2 * rounds :]}
            retrieval = _cpu_ms(retrieve, alerts[2 * rounds :])
    finally:
        services.close()
    peak = _peak_bytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / _MEGABYTE
    return [
        Figure("warm: draft, CPU, median", statistics.median(whole), "ms", 250),
        Figure("warm: draft, CPU, slowest", max(whole), "ms"),
        Figure("warm: of it reading, CPU, median", statistics.median(reading), "ms"),
        Figure("warm: of it profiles and precedents, CPU, median", statistics.median(retrieval), "ms"),
        Figure("warm: peak memory", peak, "MiB"),
    ]


def _cpu_ms(step: Callable[[Alert], None], alerts: Sequence[Alert]) -> list[float]:
    taken = []
    for alert in alerts:
        begun = time.process_time()
        step(alert)
        taken.append((time.process_time() - begun) * 1000)
    return taken


def _peak_bytes(reported: int) -> int:
    """Linux reports the peak in KiB, macOS in bytes."""
    return reported if sys.platform == "darwin" else reported * 1024


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.draft_cost", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="warm drafts; a quarter as many cold ones")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="triage-bench-") as folder:
        figures = measure_processes(Path(folder), max(3, given.rounds // 4))
        figures += measure_warm(Path(folder), given.rounds)
    words = len(make_alert(0).article.text.split())
    print(f"Extractive draft of an invented article of {words} words, {os.cpu_count()} cores")
    for figure in figures:
        print(figure.line())
    if given.json:
        rows = [asdict(figure) for figure in figures]
        given.json.write_text(json.dumps({"words": words, "figures": rows}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
