"""What an extractive run and its scoring cost: ``python -m tests.bench.eval_extractive [--cases N] [--json FILE]``.

The shipped cases, save those of the holdout, are repeated under new ids until there are N; each is read and drafted
anew, in as many processes as there are cores.

run    from the start of the run to its files, the index of the references built before
cpu    user and system time of all processes
score  all measures of all samples, from the finished run
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path

from agent.settings import Settings
from evals.cases.case import Case, Split
from evals.cases.files import CaseSet, load_cases
from evals.cases.references import load_references
from evals.running.planning import RunRequest
from evals.running.references import open_workspace
from evals.running.runner import run_cases
from evals.running.runs import read_run
from evals.scoring.score import score_run

GOAL_S = 300.0
"""For 1,000 cases on two cores."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds, and how many cases they are for."""

    cases: int
    failed: int
    run_s: float
    cpu_s: float
    score_s: float


def repeat_cases(count: int) -> CaseSet:
    """So many cases: the shipped ones, from the second round on under ids of their own."""
    shipped = load_cases(splits=[split for split in Split if split is not Split.HOLDOUT]).cases
    return CaseSet(
        tuple(_rename(case, number // len(shipped)) for number, case in enumerate(islice(cycle(shipped), count)))
    )


def measure(count: int, home: Path) -> Figures:
    cases, settings = repeat_cases(count), Settings(home=home, model=None)
    open_workspace(settings, load_references(), print)
    before = _cpu_s()
    begun = time.perf_counter()
    (folder,) = run_cases(settings, cases, RunRequest(models=["none"]), tell=print, on_progress=lambda _: None)
    ran = time.perf_counter() - begun
    used = _cpu_s() - before
    run = read_run(folder)
    begun = time.perf_counter()
    scores = score_run(cases.by_id(), run)
    scored = time.perf_counter() - begun
    failed = sum(score.measures["failed"].amount > 0 for score in scores)
    return Figures(len(run.samples), failed, ran, used, scored)


def _rename(case: Case, round_number: int) -> Case:
    if not round_number:
        return case
    name = f"{case.id}-r{round_number}"
    return case.model_copy(
        update={
            "entry": case.entry.model_copy(update={"id": name}),
            "alert": case.alert.model_copy(update={"alert_id": name}),
        }
    )


def _cpu_s() -> float:
    """User and system time of this process and of its children that ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.eval_extractive", description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000)
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="triage-bench-") as home:
        figures = measure(given.cases, Path(home))
    goal = GOAL_S * figures.cases / 1_000
    each = 1000 / figures.cases
    print(f"{figures.cases} cases, {figures.failed} failed, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    verdict = "met" if figures.run_s <= goal else "MISSED"
    print(f"run    {figures.run_s:8.1f} s  {figures.run_s * each:8.1f} ms a case   goal ≤ {goal:.0f} s: {verdict}")
    print(f"cpu    {figures.cpu_s:8.1f} s  {figures.cpu_s * each:8.1f} ms a case")
    print(f"score  {figures.score_s:8.1f} s  {figures.score_s * each:8.1f} ms a case")
    if given.json:
        given.json.write_text(json.dumps(asdict(figures), indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
