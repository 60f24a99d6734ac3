"""``triage eval run``, ``runs`` and ``view`` as a person uses them."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
from inspect_ai.log import read_eval_log

from agent.llm.behaviours import fault
from agent.llm.scripted_server import ScriptedServer
from agent.reading.reader import Reader
from agent.wiring import Services
from tests.cli.terminal import COMMAND, Run, Terminal
from tests.contract.retrieval_examples import embedder
from tests.evals.running_examples import MODEL, replies, write_cases


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.fixture(autouse=True)
def _load_once(monkeypatch: pytest.MonkeyPatch, reader: Reader, tmp_path: Path) -> None:
    monkeypatch.setattr(Services, "reader", reader)
    monkeypatch.setattr(Services, "embedder", property(lambda _: embedder()))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cases(tmp_path_factory.mktemp("root"), 4)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path / "home")


def run_eval(terminal: Terminal, root: Path, server: ScriptedServer, *arguments: str) -> Run:
    settings = {"TRIAGE_BASE_URL": server.base_url, "TRIAGE_API_KEY": "k", "TRIAGE_ATTEMPTS": "1"}
    return terminal.run("eval", "run", "--cases", root, *arguments, settings=settings)


def test_run_prints_the_id_that_other_commands_take(terminal: Terminal, root: Path) -> None:
    with ScriptedServer([fault("refusal"), *replies()]) as server:
        first = run_eval(terminal, root, server, "-m", MODEL, "--concurrency", "1", "--note", "a try")
        assert first.code == 1
        run_id, name = first.out.split()[:2]
        assert name.startswith("summary@")
        assert "4 samples, 1 failed" in first.out
        assert "Alert c-000" in first.err
        again = run_eval(terminal, root, server, "-m", MODEL, "--only-failing", run_id, "--limit", "1")
    assert (again.code, "1 samples, 0 failed" in again.out) == (0, True)
    listed = terminal.run("eval", "runs").out.splitlines()
    assert [line.split()[0] for line in listed] == [again.out.split()[0], run_id]
    assert listed[1].endswith("dev  4 cases  finished  a try")


def test_only_some_cases_are_run(terminal: Terminal, root: Path) -> None:
    with ScriptedServer(replies()) as server:
        run_eval(terminal, root, server, "-m", MODEL, "--case", "c-002", "--case", "c-003", "--epochs", "2")
        assert len(server.requests) == 4
        assert run_eval(terminal, root, server, "-m", MODEL, "--case", "c-9").code == 4
        assert run_eval(terminal, root, server, "-m", MODEL, "--split", "smoke").code == 4
        assert run_eval(terminal, root, server, "-m", MODEL, "--split", "nonsense").code == 2
        assert len(server.requests) == 4


def test_wrong_access_is_one_sentence_and_resume_goes_on(terminal: Terminal, root: Path) -> None:
    with ScriptedServer([*replies(), fault("unauthorized"), *replies()]) as server:
        stopped = run_eval(terminal, root, server, "-m", MODEL, "--concurrency", "1")
        assert stopped.code == 4
        (complaint,) = [line for line in stopped.err.splitlines() if line.startswith("triage: ")]
        assert "`triage eval run --resume latest` goes on" in complaint
        assert "UNFINISHED" in terminal.run("eval", "runs").out
        resumed = run_eval(terminal, root, server, "--resume", "latest", "--concurrency", "3")
        assert (resumed.code, "4 samples, 0 failed" in resumed.out) == (0, True)
        assert len(server.requests) == 5
        assert run_eval(terminal, root, server, "--resume", "latest").code == 4


def test_the_extractive_drafter_is_run_once_in_processes(terminal: Terminal, root: Path) -> None:
    with ScriptedServer(replies()) as server:
        done = run_eval(terminal, root, server, "-m", "none", "--epochs", "3", "--concurrency", "1", "--limit", "2")
        assert server.requests == []
    assert done.code == 0, done.err
    assert "the same every time: 1 epoch is run, not 3" in done.err
    assert re.search(r"extractive  2 samples, 0 failed", done.out)


def test_the_viewer_is_on_this_machine_only_and_renders_nothing(terminal: Terminal, root: Path) -> None:
    with ScriptedServer(replies()) as server:
        run_eval(terminal, root, server, "-m", MODEL, "--limit", "1")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    child = subprocess.Popen(
        [*COMMAND, "eval", "view", "--port", str(port)],
        env=os.environ | {"TRIAGE_HOME": str(terminal.home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        page = fetch(f"http://127.0.0.1:{port}/api/app-config")
        assert json.loads(page)["trust_content"] is False
        logs = fetch(f"http://127.0.0.1:{port}/api/logs").decode()
        assert "log.eval" in logs
        assert listening_on(port) == {"0100007F"}
    finally:
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=20)
    (log,) = terminal.home.glob("evals/runs/*/log.eval")
    viewer = read_eval_log(str(log), header_only=True).eval.viewer
    assert viewer is not None
    assert viewer.trust_content is False


def fetch(address: str) -> bytes:
    last = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5) as page:
                return bytes(page.read())
        except OSError:
            assert time.monotonic() < last, "the viewer did not start"
            time.sleep(0.1)


def listening_on(port: int) -> set[str]:
    """The addresses, in the kernel's own form, on which something listens to the port; all-zero is every one."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
            address, at = line.split()[1].split(":")
            if int(at, 16) == port and line.split()[3] == "0A":
                found.add(address)
    return found
