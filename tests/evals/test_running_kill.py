"""kill -9 of the whole process group at any moment, while inspect writes its log included: a resumed run is whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.llm.scripted_server import ScriptedServer
from evals.running.folders import JOURNAL, find_unfinished, list_run_folders, runs_root
from evals.running.runs import Run, RunInvalid, read_run
from tests.evals.running_examples import MODEL, all_keys, keys_of, replies, what_matters, write_cases

CASES = 12
LONGEST_S = 120


def start(home: Path, root: Path, model: str, base_url: str) -> subprocess.Popen[bytes]:
    """A run in a process group of its own."""
    command = [sys.executable, "-m", "tests.evals.running_child", str(home), str(root), model, base_url]
    return subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(child: subprocess.Popen[bytes]) -> None:
    _, complaints = child.communicate(timeout=LONGEST_S)
    assert child.returncode == 0, complaints.decode()[-2_000:]


def kill_when(child: subprocess.Popen[bytes], ready: Callable[[], bool], pause_s: float) -> bool:
    """Kill the group a moment after ``ready``; whether it was still running."""
    last = time.monotonic() + LONGEST_S
    while not ready() and child.poll() is None:
        assert time.monotonic() < last, "the run did not get anywhere"
        time.sleep(0.002)
    time.sleep(pause_s)
    alive = child.poll() is None
    os.killpg(child.pid, signal.SIGKILL) if alive else None
    child.communicate()
    return alive


def count_done(home: Path) -> int:
    """Samples that the unfinished run has on disk."""
    found = list(runs_root(home).glob(f"*/{JOURNAL}"))
    return found[0].read_bytes().count(b"\n") if found else 0


def is_unfinished(home: Path) -> bool:
    """Whether there is a run to take up, as a person would be told."""
    try:
        return bool(find_unfinished(home, "latest"))
    except RunInvalid:
        return False


def only_run(home: Path) -> Run:
    (folder,) = list_run_folders(home)
    return read_run(folder)


@pytest.mark.parametrize(("model", "epochs"), [("none", 1), (MODEL, 2)])
def test_killed_again_and_again_a_run_ends_as_an_undisturbed_one(tmp_path: Path, model: str, epochs: int) -> None:
    root = write_cases(tmp_path / "root", CASES)
    total = CASES * epochs
    moments = random.Random(20_261_122)
    kills = 0
    with ScriptedServer(replies(latency_s=0.15)) as server:
        home = tmp_path / "disturbed"

        def kill_at(ready: Callable[[], bool], pause_s: float) -> None:
            nonlocal kills
            before = count_done(home)
            if kills and not is_unfinished(home):
                return  # the last kill came too late: the run is whole, and another would be a new one
            kills += kill_when(start(home, root, model, server.base_url), ready, pause_s)
            if list(runs_root(home).glob(f"*/{JOURNAL}")):
                assert count_done(home) >= before, "a sample that was on disk is gone"

        wanted = round(total * moments.uniform(0.2, 0.7))
        kill_at(lambda: count_done(home) >= wanted, moments.uniform(0, 0.1))
        kill_at(lambda: count_done(home) >= total, moments.uniform(0, 0.02))  # while inspect writes its log
        kill_at(lambda: bool(list(runs_root(home).glob("*/ending"))), 0)  # while the run's files are put in place
        if is_unfinished(home):
            finish(start(home, root, model, server.base_url))
        asked = len(server.requests)
        finish(start(tmp_path / "calm", root, model, server.base_url))
    disturbed, calm = only_run(home), only_run(tmp_path / "calm")
    assert kills >= 1  # the first always lands; how late the others come depends on the machine
    assert keys_of(disturbed) == all_keys(CASES, epochs)
    assert strip_calls(disturbed) == strip_calls(calm)
    if model != "none":
        assert total <= asked <= total + 4 * kills  # what was under way at a kill is asked again, nothing else


def strip_calls(run: Run) -> list[object]:
    """What matters, without how often the endpoint was asked: a reply from the ledger was asked for before."""
    rows = what_matters(run)
    for row in rows:
        row["outcome"]["provenance"]["usage"].pop("calls")
    return list(rows)


def test_a_killed_parent_leaves_no_process_behind(tmp_path: Path) -> None:
    root = write_cases(tmp_path / "root", CASES)
    child = start(tmp_path / "home", root, "none", "http://127.0.0.1:9/v1")
    last = time.monotonic() + LONGEST_S
    while count_done(tmp_path / "home") < 1:
        assert child.poll() is None
        assert time.monotonic() < last
        time.sleep(0.01)
    workers = descendants(child.pid)
    assert workers
    child.kill()  # the parent alone
    child.communicate()
    last = time.monotonic() + 20
    while any(is_alive(pid) for pid in workers):
        assert time.monotonic() < last, "a worker outlived its parent"
        time.sleep(0.05)


def descendants(pid: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return [int(word) for word in listed.split()]


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
