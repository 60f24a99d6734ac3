"""What a list of profiles costs until it can be searched: ``python -m tests.bench.load_profiles [--profiles N]``.

A seeded list of invented people and firms (FollowTheMoney JSON Lines) goes through the real commands, each a process of
its own, into a folder that is thrown away.

load    `triage profiles load FILE --names-only`, from its start until every profile is searchable by name
again   the same command on the same file: nothing changed
embed   `triage index build` for ``--seconds``, then kill -9: the rate, and what the whole list would take at it
resume  on a small list: kill -9 half-way, then to the end; no text is embedded twice

CPU is user and system time of all threads, memory the largest resident size. Missing a goal changes no exit code.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from agent.cli.progress import describe_seconds
from tests.bench.figures import print_table

GOAL_S: Final = 600
"""100,000 profiles are searchable by name within ten minutes on two cores."""
SMALL: Final = 1_500
_ONSETS = ("b", "br", "d", "f", "g", "h", "k", "kr", "l", "m", "n", "p", "r", "s", "st", "t", "tr", "v", "z", "sh")
_VOWELS = ("a", "e", "i", "o", "u", "ai", "ou")
_ENDINGS = ("n", "r", "s", "l", "nd", "rt", "sky", "va", "rian", "shvili", "", "")
_CYRILLIC = str.maketrans(dict(zip("abdefghiklmnoprstuvyz", "абдефгхиклмнопрстувыз", strict=True)))
_FORMS = ("Ltd", "LLC", "GmbH", "S.A.", "OOO", "JSC")
_POSITIONS = ("Deputy minister of transport", "Member of the board", "Mayor", "Colonel", "Head of procurement")
_TOPICS = ("role.pep", "sanction", "crime.fin", "wanted", "reg.action", "debarment")
_COUNTRIES = ("pt", "kz", "de", "ru", "br", "ng", "cy", "gb", "fr", "ua")


@dataclass(frozen=True, slots=True)
class Run:
    """What one command took: seconds, seconds, megabytes, and what it said."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    said: str


def draw_entities(count: int, seed: int = 11) -> Iterator[dict[str, Any]]:
    """Invented people and firms, the same for the same seed: about two names each, three in five with notes."""
    dice = random.Random(seed)
    for number in range(count):
        firm = dice.random() < 0.25
        words = [_word(dice) for _ in range(2 if firm else dice.choice((2, 2, 3)))]
        name = " ".join([*words, dice.choice(_FORMS)] if firm else words)
        aliases = [" ".join(reversed(words))] if dice.random() < 0.5 else []
        if dice.random() < 0.3:
            aliases.append(name.lower().translate(_CYRILLIC).title())
        properties: dict[str, list[str]] = {"name": [name], "alias": aliases, "country": [dice.choice(_COUNTRIES)]}
        properties["topics"] = [dice.choice(_TOPICS)]
        if not firm:
            properties["birthDate"] = [f"{dice.randint(1930, 2000)}-{dice.randint(1, 12):02}"]
            properties["position"] = [f"{dice.choice(_POSITIONS)}, {_word(dice)} region"]
        if dice.random() < 0.6:
            properties["notes"] = [f"Named in {dice.randint(1, 90)} filings with {_word(dice)} {dice.choice(_FORMS)}."]
        schema = "Company" if firm else "Person"
        yield {"id": f"bench-{number:07}", "schema": schema, "datasets": ["bench"], "properties": properties}


def _word(dice: random.Random) -> str:
    syllables = "".join(dice.choice(_ONSETS) + dice.choice(_VOWELS) for _ in range(dice.choice((1, 2, 2, 3))))
    return (syllables + dice.choice(_ENDINGS)).capitalize()


def write_list(path: Path, count: int) -> Path:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(entity, ensure_ascii=False) + "\n" for entity in draw_entities(count))
    return path


def run_triage(home: Path, *arguments: str | Path, until: Callable[[float], bool] | None = None) -> Run:
    """Run one command; with ``until`` it is killed as soon as that says so, having been told the seconds since start.

    Raises CalledProcessError when the command fails by itself.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRIAGE_")}
    environment["TRIAGE_HOME"] = str(home)
    command = [sys.executable, "-c", "from agent.cli.main import main; main()", *map(str, arguments)]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        begun = time.perf_counter()
        child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=said)
        killed = False
        while True:
            done, status, used = os.wait4(child.pid, os.WNOHANG if until is not None and not killed else 0)
            if done:
                break
            if until is not None and until(time.perf_counter() - begun):
                os.kill(child.pid, signal.SIGKILL)
                killed = True
            else:
                time.sleep(0.1)
        wall = time.perf_counter() - begun
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        words = said.read()
    if child.returncode and not killed:
        raise subprocess.CalledProcessError(child.returncode, command, stderr=words)
    peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return Run(wall, used.ru_utime + used.ru_stime, peak / 1e6, words)


def count_vectors(home: Path) -> int:
    """Texts embedded so far, on disk."""
    path = home / "index" / "vectors.sqlite3"
    if not path.exists():
        return 0
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as cache:
        try:
            return int(cache.execute("SELECT count(*) FROM vectors").fetchone()[0])
        except sqlite3.OperationalError:  # not made yet
            return 0


def measure_load(folder: Path, count: int) -> list[list[object]]:
    """The list into the store and the name index, and once more."""
    path = write_list(folder / "list.ftm.json", count)
    first = run_triage(folder / "home", "profiles", "load", path, "--names-only")
    again = run_triage(folder / "home", "profiles", "load", path, "--names-only")
    for run in (first, again):
        print(*(f"  {line}" for line in run.said.splitlines()), sep="\n")
    verdict = "" if count < 100_000 else f"  goal ≤ {GOAL_S} s: {'met' if first.wall_s <= GOAL_S else 'MISSED'}"
    print(f"{count:,} profiles searchable by name after {first.wall_s:.1f} s.{verdict}")
    return [_row("load", first, count), _row("again, unchanged", again, count)]


def measure_embedding(home: Path, count: int, seconds: float) -> list[list[object]]:
    """The first part of embedding, then kill -9 and the same once more: it goes on where it was."""
    rows: list[list[object]] = []
    for name in ("embed, killed", "embed on, killed"):
        before, begun = count_vectors(home), 0.0

        def is_over(since_start: float, before: int = before) -> bool:
            nonlocal begun
            if not begun and count_vectors(home) > before:
                begun = since_start
            return bool(begun) and since_start - begun > seconds

        run = run_triage(home, "index", "build", until=is_over)
        made = count_vectors(home) - before
        rate = made / max(run.wall_s - begun, 0.001)
        rows.append(_row(name, run, made))
        left = describe_seconds(count / max(rate, 0.001))
        print(f"{made:,} texts embedded from {begun:.1f} s after the start: {rate:,.0f} a second, {count:,} in {left}.")
    return rows


def measure_resumption(folder: Path) -> list[list[object]]:
    """A small list to the end, killed half-way."""
    home = folder / "small"
    path = write_list(folder / "small.ftm.json", SMALL)
    run_triage(home, "profiles", "load", path, "--names-only")
    killed = run_triage(home, "index", "build", until=lambda _: count_vectors(home) >= SMALL // 3)
    kept = count_vectors(home)
    rest = run_triage(home, "index", "build")
    found = re.search(r"([\d,]+) texts embedded", rest.said)
    made = int(found[1].replace(",", "")) if found else 0
    twice = kept + made - count_vectors(home)
    print(f"Killed at {kept:,} texts, {made:,} embedded by the next run; {twice} twice (goal 0).")
    return [_row("small list, killed", killed, kept), _row("small list, the rest", rest, made)]


def _row(name: str, run: Run, count: int) -> list[object]:
    return [name, f"{run.wall_s:.1f}", f"{run.cpu_s:.1f}", f"{run.peak_mb:.0f}", f"{count / run.wall_s:,.0f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profiles", type=int, default=100_000, help="Length of the list.")
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="How long to embed before the kill; 0 leaves it out."
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "home").mkdir()
        (folder / "small").mkdir()
        rows = measure_load(folder, arguments.profiles)
        if arguments.seconds > 0:
            rows += measure_embedding(folder / "home", arguments.profiles, arguments.seconds)
            rows += measure_resumption(folder)
    print_table("Each command, start to end", ["step", "wall s", "CPU s", "peak MB", "a second"], rows)


if __name__ == "__main__":
    main()
